import { join } from 'node:path'
import { interleave } from '../harness/interleave.ts'
import { servePages } from '../harness/page-server.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import { joinBySdk } from '../harness/sdk-swarm.ts'
import { TwoBrowsers } from '../harness/two-pages.ts'
import { FILE, FileSite } from '../transfer/contenders/file-site.ts'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings } from '../harness/report.ts'

const DEFAULT_RUNS = 3
const DEFAULT_SIZE_MIB = 24
const HOLDERS = 3
/** 8 Mbit/s. */
const UPLOAD_BYTES_PER_SECOND = 1_000_000

const OURS = 'Blackhole, SDK, 3 holders of 8 Mbit/s'

/** One reader and several holders that may send little each: how much of what they may send together arrives. */
export async function holders(options: BenchOptions): Promise<Findings> {
  const pages = await servePages(join(import.meta.dirname, '../transfer/pages'), ['sdk'])
  const site = await FileSite.startWith(
    { [FILE]: (options.sizeMiB || DEFAULT_SIZE_MIB) * 1024 * 1024 },
    { origins: [new URL(pages.url('sdk')).origin] },
  )
  const browsers = await TwoBrowsers.launch()
  try {
    const results = await interleave(
      [
        {
          name: OURS,
          run: () =>
            browsers.withPages(HOLDERS, async (reader, senders) => {
              const init = { site, pages, paths: [FILE], uploadBytesPerSecond: UPLOAD_BYTES_PER_SECOND }
              const { page } = await joinBySdk(reader, senders, init)
              const { bytes, ms } = await site.withoutContent(() => page.receive(FILE))
              return bytes / ms / 1000
            }),
        },
      ],
      options.runs || DEFAULT_RUNS,
      (name, round, speed) => console.error(`round ${String(round + 1)} ${name}: ${speed.toFixed(2)} MB/s`),
    )
    const rows = [...results].map(([name, runs]) => row(name, 'MB/s', runs))
    const sum = (HOLDERS * UPLOAD_BYTES_PER_SECOND) / 1e6
    return { rows, ratios: [ratio('of the sum of all uploads', valueOf(rows, OURS) / sum, '>=', 0.92)] }
  } finally {
    await browsers.close()
    await site.stop()
    await pages.close()
  }
}
