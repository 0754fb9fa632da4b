import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publishFolder, startRelay, startThrottleProxy } from '@blackhole/testkit'
import { launchChromium } from '../harness/browser.ts'
import { freePort } from '../harness/free-port.ts'
import { interleave } from '../harness/interleave.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import { median, percentile } from '../harness/stats.ts'
import { serveFolder } from '../harness/static-server.ts'
import { LINK, untilQuiet } from './link.ts'
import { EMPTY_PAGE, holdPage, ready, receivedBy, visitThroughPeer, visitTwice } from './visits.ts'
import type { Page } from 'playwright'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings, Row } from '../harness/report.ts'
import type { LoadTimes } from './load-times.ts'

const DEFAULT_RUNS = 5

/** Page loads of one round, by the name of their row. */
type Loads = Readonly<Record<string, LoadTimes & { readonly fromPeers?: number }>>

/** How long a real page takes behind an ordinary link, without Blackhole and with it. Times in ms. */
export async function pageLoad(options: BenchOptions): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), 'blackhole-page-'))
  const site = join(folder, 'site')
  await copySite(site)
  const relayPort = await freePort()
  const origin = await serveFolder(site)
  const plainLink = await startThrottleProxy({ ...LINK, targetPort: origin.port })
  const relayLink = await startThrottleProxy({ ...LINK, targetPort: relayPort })
  const relay = await startRelay({
    port: relayPort,
    data: join(folder, 'relay'),
    args: ['--public-url', `http://localhost:${String(relayLink.port)}`, '--log-level', 'error'],
  })
  const browser = await launchChromium()
  const holders = await launchChromium()
  try {
    const { name } = await publishFolder(site, { relay: relay.url, home: join(folder, 'home') })
    const plain = `http://127.0.0.1:${String(plainLink.port)}/`
    const hosted = `http://${name}.localhost:${String(relayLink.port)}/`
    const settle = async (page: Page): Promise<void> => {
      await ready(page)
      // What the first visit loaded is stored in the background, from the HTTP cache.
      await untilQuiet(async () => relayLink.downBytes + (await receivedBy(page)).http)
    }
    const contenders = [
      {
        name: 'plain',
        run: async (): Promise<Loads> => {
          const { first, second } = await visitTwice(browser, plain, () => untilQuiet(() => plainLink.downBytes))
          return { plain: first, 'plain, second visit': second }
        },
      },
      {
        name: 'Blackhole',
        run: async (): Promise<Loads> => {
          const { first, second } = await visitTwice(browser, hosted, settle)
          return { 'Blackhole, first visit': first, 'Blackhole, second visit': second }
        },
      },
      {
        name: 'Blackhole, pieces from a peer',
        run: async (): Promise<Loads> => {
          const holder = await holdPage(holders, hosted, settle)
          try {
            return { 'Blackhole, pieces from a peer': await visitThroughPeer(browser, hosted) }
          } finally {
            await holder.context.close()
          }
        },
      },
    ].filter((contender) => contender.name.includes(options.only))
    const results = await interleave(contenders, options.runs || DEFAULT_RUNS, (_name, round, loads) => {
      for (const [visit, { load }] of Object.entries(loads)) {
        console.error(`round ${String(round + 1)} ${visit}: load after ${load.toFixed(0)} ms`)
      }
    })
    return findings([...results.values()].flat())
  } finally {
    await Promise.all([browser.close(), holders.close()])
    await relay.stop()
    await Promise.all([plainLink.close(), relayLink.close(), origin.close()])
    await rm(folder, { recursive: true, force: true })
  }
}

/** `startbootstrap-sb-admin-2` as npm has it, and one empty page. */
async function copySite(site: string): Promise<void> {
  const source = dirname(fileURLToPath(import.meta.resolve('startbootstrap-sb-admin-2/package.json')))
  await cp(source, site, { recursive: true })
  await writeFile(
    join(site, EMPTY_PAGE),
    '<!doctype html><html lang="en"><head><title>Arrive</title></head><body></body></html>',
  )
}

function findings(rounds: readonly Loads[]): Findings {
  const names = [...new Set(rounds.flatMap((loads) => Object.keys(loads)))]
  const timesOf = (name: string): Loads[string][] => rounds.flatMap((loads) => loads[name] ?? [])
  const rows: Row[] = names.flatMap((name) => {
    const times = timesOf(name)
    return [
      row(
        name,
        'ms',
        times.map(({ load }) => load),
      ),
      row(
        `${name}, all files`,
        'ms',
        times.map(({ finished }) => finished),
      ),
      row(
        `${name}, largest paint`,
        'ms',
        times.map(({ largestPaint }) => largestPaint),
      ),
      row(
        `${name}, bytes from the peer`,
        '%',
        times.flatMap(({ fromPeers }) => (fromPeers === undefined ? [] : 100 * fromPeers)),
      ),
      row(
        `${name} / plain, 95th percentile of its files`,
        '',
        name.startsWith('plain') ? [] : times.map(({ files }) => percentile(ratiosOf(files, timesOf('plain')), 0.95)),
      ),
    ]
  })
  const plain = valueOf(rows, 'plain')
  const aims = [
    ['Blackhole, first visit', 1.05],
    ['Blackhole, second visit', 0.6],
  ] as const
  return {
    rows,
    ratios: aims
      .filter(([name]) => names.includes(name))
      .map(([name, most]) => ratio(`${name} / plain`, valueOf(rows, name) / plain, '<=', most)),
  }
}

/** Time of each file ÷ the median of its times over plain HTTP. */
function ratiosOf(files: LoadTimes['files'], plain: readonly LoadTimes[]): number[] {
  return Object.entries(files)
    .map(([path, ms]) => ms / median(plain.flatMap(({ files }) => files[path] ?? [])))
    .filter((ratio) => Number.isFinite(ratio))
}
