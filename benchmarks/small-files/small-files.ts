import Tracker from 'bittorrent-tracker/server'
import { join } from 'node:path'
import { remote } from '../harness/browser.ts'
import { interleave } from '../harness/interleave.ts'
import { servePages } from '../harness/page-server.ts'
import { profiled } from '../harness/profile.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import { joinBySdk } from '../harness/sdk-swarm.ts'
import { TwoBrowsers } from '../harness/two-pages.ts'
import { FileSite } from '../transfer/contenders/file-site.ts'
import type { AddressInfo } from 'node:net'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings } from '../harness/report.ts'
import type { WebTorrentPage } from '../transfer/pages/webtorrent.ts'

const DEFAULT_RUNS = 3
const FILES = 1000
const FILE_BYTES = 4 * 1024
const ONE_FILE = 'one.bin'
const ONE_FILE_BYTES = 4 * 1024 * 1024

const MANY = 'Blackhole, SDK, 1,000 x 4 KiB'
const ONE = 'Blackhole, SDK, 4 MiB'
const WEBTORRENT = 'WebTorrent 3, 1,000 x 4 KiB'

/** Many small files from one peer, all asked for at once: what each request costs. */
export async function smallFiles(options: BenchOptions): Promise<Findings> {
  const pages = await servePages(join(import.meta.dirname, '../transfer/pages'), ['sdk', 'webtorrent'])
  const many = Array.from({ length: FILES }, (_, index) => `${String(index)}.bin`)
  const site = await FileSite.startWith(
    { ...Object.fromEntries(many.map((path) => [path, FILE_BYTES])), [ONE_FILE]: ONE_FILE_BYTES },
    { origins: [new URL(pages.url('sdk')).origin] },
  )
  const tracker = await startTracker()
  const browsers = await TwoBrowsers.launch()
  const bySdk = (name: string, paths: readonly string[]): Promise<number> =>
    browsers.withPages(1, async (receiver, senders) => {
      const { page } = await joinBySdk(receiver, senders, { site, pages, paths })
      const folder = options.profile === '' ? '' : join(options.profile, name.replaceAll(/[ ,]+/g, '-'))
      const receive = (): Promise<{ ms: number }> => site.withoutContent(() => page.receiveAll(paths))
      const [sender] = senders
      return (await profiled(folder, sender === undefined ? { receiver } : { sender, receiver }, receive)).ms
    })
  try {
    const contenders = [
      { name: MANY, run: () => bySdk(MANY, many) },
      { name: ONE, run: () => bySdk(ONE, [ONE_FILE]) },
      {
        name: WEBTORRENT,
        run: () =>
          browsers.withPages(1, async (receiver, senders) => {
            const [sender] = senders
            await Promise.all([...senders, receiver].map((page) => page.goto(pages.url('webtorrent'))))
            if (sender === undefined) throw new Error('There is no sender')
            const torrent = await remote<WebTorrentPage>(sender).serveFiles(tracker.url, FILES, FILE_BYTES)
            const page = remote<WebTorrentPage>(receiver)
            await page.connect(tracker.url, torrent)
            return (await page.receive()).ms
          }),
      },
    ]
    const results = await interleave(
      contenders.filter(({ name }) => name.includes(options.only)),
      options.runs || DEFAULT_RUNS,
      (name, round, ms) => console.error(`round ${String(round + 1)} ${name}: ${ms.toFixed(0)} ms`),
    )
    const rows = [...results].map(([name, runs]) => row(name, 'ms', runs))
    const ours = valueOf(rows, MANY)
    return {
      rows,
      ratios: [
        ratio('speed, ours / WebTorrent', valueOf(rows, WEBTORRENT) / ours, '>=', 5),
        ratio('time, 1,000 files / one of 4 MiB', ours / valueOf(rows, ONE), '<=', 1.5),
      ],
    }
  } finally {
    await browsers.close()
    await tracker.close()
    await site.stop()
    await pages.close()
  }
}

async function startTracker(): Promise<{ url: string; close(): Promise<void> }> {
  const server = new Tracker({ http: true, udp: false, ws: true, stats: false })
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `ws://127.0.0.1:${String((server.http.address() as AddressInfo).port)}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
