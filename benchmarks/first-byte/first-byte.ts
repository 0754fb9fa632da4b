import { join } from 'node:path'
import { remote } from '../harness/browser.ts'
import { interleave } from '../harness/interleave.ts'
import { servePages } from '../harness/page-server.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import { joinBySdk } from '../harness/sdk-swarm.ts'
import { median } from '../harness/stats.ts'
import { TwoBrowsers } from '../harness/two-pages.ts'
import { FileSite } from '../transfer/contenders/file-site.ts'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings } from '../harness/report.ts'
import type { RawPage } from '../transfer/pages/raw.ts'

const DEFAULT_RUNS = 5
const FILE_BYTES = 16 * 1024

/** Files asked for one after the other in a run, whose median counts: one alone is at the mercy of the scheduler. */
const FILES = 20

const RAW = 'raw data channel, echo'
const OURS = 'Blackhole, SDK, first byte'

/** From the request for a small file to its first byte, on a connection that is open, against a bare channel's echo. */
export async function firstByte(options: BenchOptions): Promise<Findings> {
  const pages = await servePages(join(import.meta.dirname, '../transfer/pages'), ['raw', 'sdk'])
  const paths = Array.from({ length: FILES }, (_, index) => `${String(index)}.bin`)
  const site = await FileSite.startWith(Object.fromEntries(paths.map((path) => [path, FILE_BYTES])), {
    origins: [new URL(pages.url('sdk')).origin],
  })
  const browsers = await TwoBrowsers.launch()
  try {
    const results = await interleave(
      [
        {
          name: RAW,
          run: () =>
            browsers.withPages(1, async (receiver, senders) => {
              const [sender] = senders
              await Promise.all([...senders, receiver].map((page) => page.goto(pages.url('raw'))))
              if (sender === undefined) throw new Error('There is no sender')
              const [from, to] = [remote<RawPage>(sender), remote<RawPage>(receiver)]
              await from.accept(await to.answer(await from.offer()))
              await Promise.all([from.serveEcho(FILE_BYTES), to.opened()])
              return median(await to.echoes(FILES))
            }),
        },
        {
          name: OURS,
          run: () =>
            browsers.withPages(1, async (receiver, senders) => {
              const { page } = await joinBySdk(receiver, senders, { site, pages, paths })
              return median(await site.withoutContent(() => page.firstBytes(paths)))
            }),
        },
      ],
      options.runs || DEFAULT_RUNS,
      (name, round, ms) => console.error(`round ${String(round + 1)} ${name}: ${ms.toFixed(2)} ms`),
    )
    const rows = [...results].map(([name, runs]) => row(name, 'ms', runs))
    return { rows, ratios: [ratio('first byte / echo', valueOf(rows, OURS) / valueOf(rows, RAW), '<=', 3)] }
  } finally {
    await browsers.close()
    await site.stop()
    await pages.close()
  }
}
