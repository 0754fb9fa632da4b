import { interleave } from '../harness/interleave.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import { TwoBrowsers } from '../harness/two-pages.ts'
import { visitAsHolder } from '../harness/visiting.ts'
import { FILE, FileSite } from '../transfer/contenders/file-site.ts'
import type { Page } from 'playwright'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings } from '../harness/report.ts'

const DEFAULT_RUNS = 5
const PIECE_BYTES = 1024 * 1024

const CONNECTED = 'script tag to open connection'
const PIECE = 'script tag to first piece from a peer'

interface Run {
  readonly connectedMs: number
  readonly pieceMs: number
}

/** A visitor who comes for the first time, while another holds the page: when the first piece comes from there. */
export async function coldStart(options: BenchOptions): Promise<Findings> {
  const site = await FileSite.startWith({ [FILE]: PIECE_BYTES })
  const browsers = await TwoBrowsers.launch()
  try {
    const results = await interleave(
      [{ name: PIECE, run: () => browsers.withPages(1, (page, holders) => visitOnce(site, page, holders)) }],
      options.runs || DEFAULT_RUNS,
      (_name, round, { connectedMs, pieceMs }) =>
        console.error(
          `round ${String(round + 1)}: connected after ${connectedMs.toFixed(0)} ms, first piece after ${pieceMs.toFixed(0)} ms`,
        ),
    )
    const runs = [...results.values()].flat()
    const rows = [
      row(
        CONNECTED,
        'ms',
        runs.map(({ connectedMs }) => connectedMs),
      ),
      row(
        PIECE,
        'ms',
        runs.map(({ pieceMs }) => pieceMs),
      ),
    ]
    return {
      rows,
      ratios: [
        ratio('to an open connection, ms', valueOf(rows, CONNECTED), '<=', 700),
        ratio('to the first piece, ms', valueOf(rows, PIECE), '<=', 1_000),
      ],
    }
  } finally {
    await browsers.close()
    await site.stop()
  }
}

async function visitOnce(site: FileSite, page: Page, [holder]: readonly Page[]): Promise<Run> {
  if (holder === undefined) throw new Error('There is no holder')
  await visitAsHolder(holder, site, [FILE])
  await page.addInitScript(watchStart, FILE)
  await page.goto(site.relay.siteUrl(site.name), { waitUntil: 'commit' })
  // The document is on its way; what the page wants from now on only the holder has.
  await site.relay.serveContent(false)
  // At each animation frame, as Playwright does it else, it would cost the page time that is measured.
  const measured = (): Run | undefined => (globalThis as { coldStart?: Run }).coldStart
  const found = await page.waitForFunction(measured, undefined, { polling: 100 })
  const times = await found.jsonValue()
  if (times === undefined) throw new Error('The page measured nothing')
  return times
}

/**
 * Runs in the page before its scripts. Asks the page's peer as often as a frame lasts; times count from the request
 * for the loader, as the browser noted it.
 */
function watchStart(file: string): void {
  interface Status {
    readonly peers: number
  }
  interface Loaded {
    readonly ready: Promise<void>
    status(): Promise<Status>
  }
  const loader = (): Loaded | undefined => (globalThis as { blackhole?: Loaded }).blackhole
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10))
  const measure = async (): Promise<void> => {
    while (loader() === undefined) await pause()
    const connected = (async () => {
      while (((await loader()?.status())?.peers ?? 0) === 0) await pause()
      return performance.now()
    })()
    await loader()?.ready
    let pieceAt = Number.NaN
    while (Number.isNaN(pieceAt)) {
      const response = await fetch(file, { cache: 'no-store' })
      const { value } = (await response.body?.getReader().read()) ?? {}
      if (response.ok && value !== undefined) pieceAt = performance.now()
      else await pause()
    }
    const connectedAt = await connected
    const entry = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/blackhole.js'))
    const start = entry?.startTime ?? Number.NaN
    Object.assign(globalThis, { coldStart: { connectedMs: connectedAt - start, pieceMs: pieceAt - start } })
  }
  if (globalThis.top === globalThis.self) void measure()
}
