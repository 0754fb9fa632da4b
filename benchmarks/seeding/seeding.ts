import { join } from 'node:path'
import { interleave } from '../harness/interleave.ts'
import { profiled } from '../harness/profile.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import { TwoBrowsers } from '../harness/two-pages.ts'
import { readFile, visitAsHolder, visitAsReader } from '../harness/visiting.ts'
import { FILE, FileSite } from '../transfer/contenders/file-site.ts'
import type { CDPSession, Page } from 'playwright'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings } from '../harness/report.ts'

const DEFAULT_RUNS = 3
const DEFAULT_SIZE_MIB = 48
const UPLOAD = '4M'

/** The rate limiter lets a burst through first, and the transfer ends some time: what lies between counts. */
const SETTLE_MS = 1_500
const MEASURE_MS = 6_000

const BUSY = 'main thread of the seeding tab'
const LONG = 'long tasks of the seeding tab'

interface Run {
  /** Part of the time, 0 to 1. */
  readonly busy: number
  readonly scripting: number
  readonly longTasks: number
  readonly megabytesPerSecond: number
}

/** A visitor's tab that seeds at 4 MB/s: how much of its main thread that takes. */
export async function seeding(options: BenchOptions): Promise<Findings> {
  const size = (options.sizeMiB || DEFAULT_SIZE_MIB) * 1024 * 1024
  const site = await FileSite.startWith({ [FILE]: size }, { uploadLimit: UPLOAD })
  const browsers = await TwoBrowsers.launch()
  try {
    const results = await interleave(
      [{ name: BUSY, run: () => browsers.withPages(1, (reader, senders) => seed(site, reader, senders, options)) }],
      options.runs || DEFAULT_RUNS,
      (name, round, { busy, longTasks, megabytesPerSecond }) =>
        console.error(
          `round ${String(round + 1)} ${name}: ${(busy * 100).toFixed(1)} % at ${megabytesPerSecond.toFixed(1)} MB/s, ${String(longTasks)} long tasks`,
        ),
    )
    const runs = [...results.values()].flat()
    const rows = [
      row(
        BUSY,
        '%',
        runs.map(({ busy }) => busy * 100),
      ),
      row(
        'of that, scripts',
        '%',
        runs.map(({ scripting }) => scripting * 100),
      ),
      row(
        LONG,
        'tasks',
        runs.map(({ longTasks }) => longTasks),
      ),
      row(
        'sent meanwhile',
        'MB/s',
        runs.map(({ megabytesPerSecond }) => megabytesPerSecond),
      ),
    ]
    return {
      rows,
      ratios: [
        ratio('main thread, part of the time', valueOf(rows, BUSY) / 100, '<=', 0.1),
        ratio('long tasks', valueOf(rows, LONG), '<=', 0),
      ],
    }
  } finally {
    await browsers.close()
    await site.stop()
  }
}

async function seed(site: FileSite, reader: Page, [sender]: readonly Page[], { profile }: BenchOptions): Promise<Run> {
  if (sender === undefined) throw new Error('There is no sender')
  await visitAsHolder(sender, site, [FILE])
  await visitAsReader(reader, site)
  const session = await sender.context().newCDPSession(sender)
  await session.send('Performance.enable')
  await watchLongTasks(sender)
  const received = readFile(reader, FILE)
  await pause(SETTLE_MS)
  return profiled(profile === '' ? '' : join(profile, 'seeding'), { sender }, async () => {
    const before = { at: performance.now(), ...(await timesOf(session)), shared: await sharedBytes(sender) }
    const longBefore = await longTasksOf(sender)
    const ended = await Promise.race([received.then(() => true), pause(MEASURE_MS).then(() => false)])
    const after = { at: performance.now(), ...(await timesOf(session)), shared: await sharedBytes(sender) }
    const longTasks = (await longTasksOf(sender)) - longBefore
    if (ended) throw new Error('The transfer ended while it was measured: the upload limit did not hold')
    const seconds = (after.at - before.at) / 1000
    return {
      busy: (after.tasks - before.tasks) / seconds,
      scripting: (after.scripts - before.scripts) / seconds,
      longTasks,
      megabytesPerSecond: (after.shared - before.shared) / seconds / 1e6,
    }
  })
}

/** Seconds that the main thread has worked so far, and of those the seconds in scripts. */
async function timesOf(session: CDPSession): Promise<{ tasks: number; scripts: number }> {
  const { metrics } = await session.send('Performance.getMetrics')
  const value = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN
  return { tasks: value('TaskDuration'), scripts: value('ScriptDuration') }
}

/** Long tasks are those of more than 50 ms (Long Tasks API). */
async function watchLongTasks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const counted = { longTasks: 0 }
    new PerformanceObserver((list) => {
      counted.longTasks += list.getEntries().length
    }).observe({ type: 'longtask' })
    Object.assign(globalThis, { counted })
  })
}

async function longTasksOf(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as { counted: { longTasks: number } }).counted.longTasks)
}

async function sharedBytes(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const { blackhole } = globalThis as unknown as { blackhole: { status(): Promise<{ shared: number }> } }
    return (await blackhole.status()).shared
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
