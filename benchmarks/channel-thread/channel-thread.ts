import { join } from 'node:path'
import { remote } from '../harness/browser.ts'
import { childrenCpuMs } from '../harness/cpu-time.ts'
import { interleave } from '../harness/interleave.ts'
import { servePages } from '../harness/page-server.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import { TwoBrowsers } from '../harness/two-pages.ts'
import type { Frame, Page } from 'playwright'
import type { BenchOptions } from '../harness/options.ts'
import type { Remote } from '../harness/browser.ts'
import type { PageServer } from '../harness/page-server.ts'
import type { Findings } from '../harness/report.ts'
import type { Thread, ThreadPage } from './pages/thread.ts'

const DEFAULT_SIZE_MIB = 32
const DEFAULT_RUNS = 3

/** Where the channels of both pages live. */
type Place = Thread | 'frame'

const PLACES: readonly { readonly name: string; readonly place: Place }[] = [
  { name: 'main thread', place: 'main' },
  { name: 'dedicated worker', place: 'worker' },
  { name: 'cross-site frame', place: 'frame' },
]

interface Run {
  readonly megabytesPerSecond: number
  readonly cpuMsPerMegabyte: number
  /** Part of the time for which the main thread of the page worked, 0 to 1. */
  readonly receiverBusy: number
  readonly senderBusy: number
}

/** A raw data channel on the page's main thread, in a dedicated worker, and in a frame with a process of its own. */
export async function channelThread(options: BenchOptions): Promise<Findings> {
  const size = (options.sizeMiB || DEFAULT_SIZE_MIB) * 1024 * 1024
  const pages = await servePages(join(import.meta.dirname, 'pages'), ['thread', 'channel-worker'])
  const browsers = await TwoBrowsers.launch()
  try {
    const results = await interleave(
      PLACES.filter(({ name }) => name.includes(options.only)).map(({ name, place }) => ({
        name,
        run: () =>
          browsers.withPages(1, async (receiver, [sender]) => {
            if (sender === undefined) throw new Error('There is no sender')
            return await measure({ receiver, sender, pages, size, place })
          }),
      })),
      options.runs || DEFAULT_RUNS,
      (name, round, run) =>
        console.error(
          `round ${String(round + 1)} ${name}: ${run.megabytesPerSecond.toFixed(1)} MB/s, ${run.cpuMsPerMegabyte.toFixed(0)} CPU ms/MB, main threads ${(run.receiverBusy * 100).toFixed(0)} % and ${(run.senderBusy * 100).toFixed(0)} %`,
        ),
    )
    const rows = [...results].flatMap(([name, runs]) => [
      row(
        name,
        'MB/s',
        runs.map((run) => run.megabytesPerSecond),
      ),
      row(
        `${name}, CPU time`,
        'ms/MB',
        runs.map((run) => run.cpuMsPerMegabyte),
      ),
      row(
        `${name}, receiver's main thread`,
        '%',
        runs.map((run) => run.receiverBusy * 100),
      ),
      row(
        `${name}, sender's main thread`,
        '%',
        runs.map((run) => run.senderBusy * 100),
      ),
    ])
    const onMain = valueOf(rows, 'main thread')
    return {
      rows,
      ratios: [
        ratio('speed, worker / main thread', valueOf(rows, 'dedicated worker') / onMain, '>=', 1),
        ratio('speed, frame / main thread', valueOf(rows, 'cross-site frame') / onMain, '>=', 1),
      ],
    }
  } finally {
    await browsers.close()
    await pages.close()
  }
}

async function measure({
  receiver,
  sender,
  pages,
  size,
  place,
}: {
  receiver: Page
  sender: Page
  pages: PageServer
  size: number
  place: Place
}): Promise<Run> {
  const url = pages.url('thread')
  const [{ end: to }, { end: from }] = await Promise.all([open(receiver, url, place), open(sender, url, place)])
  const thread = place === 'worker' ? 'worker' : 'main'
  const offer = await from.offer(thread, { kind: 'serve', size })
  await from.accept(await to.answer(offer, thread, { kind: 'receive', size }))
  const busy = await Promise.all([receiver, sender].map(watchMainThread))
  const cpuBefore = childrenCpuMs()
  const sent = from.transferred()
  const { bytes, ms } = await to.transferred()
  const cpuMs = childrenCpuMs() - cpuBefore
  const [receiverMs = Number.NaN, senderMs = Number.NaN] = await Promise.all(busy.map((read) => read()))
  await sent
  if (bytes !== size) throw new Error(`${String(bytes)} of ${String(size)} bytes came`)
  const megabytes = bytes / 1e6
  return {
    megabytesPerSecond: megabytes / (ms / 1000),
    cpuMsPerMegabyte: cpuMs / megabytes,
    receiverBusy: receiverMs / ms,
    senderBusy: senderMs / ms,
  }
}

/** Opens the page and says which end of the channel speaks for it: its own, or that of a frame from another site. */
async function open(page: Page, url: string, place: Place): Promise<{ readonly end: Remote<ThreadPage> }> {
  await page.goto(url)
  if (place !== 'frame') return { end: remote<ThreadPage>(page) }
  // Another host name is another site, which Chromium gives a process of its own; another port would not be.
  const other = url.replace('127.0.0.1', 'localhost')
  await remote<ThreadPage>(page).frame(other)
  const frame: Frame | null = page.frame({ url: other })
  if (frame === null) throw new Error('There is no frame')
  await frame.waitForFunction(() => 'bench' in globalThis)
  // In an object: a promise would take the frame's proxy for another promise.
  return { end: remote<ThreadPage>(frame) }
}

/** @returns milliseconds that the page's main thread works from now until it is asked */
async function watchMainThread(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const read = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000
  }
  const before = await read()
  return async () => (await read()) - before
}
