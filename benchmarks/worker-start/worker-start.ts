import { createServer } from 'node:http'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publishFolder, startRelay } from '@blackhole/testkit'
import { launchChromium } from '../harness/browser.ts'
import { interleave } from '../harness/interleave.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import type { AddressInfo } from 'node:net'
import type { ChromiumBrowser, ChromiumVisitor } from '@blackhole/testkit'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings } from '../harness/report.ts'

const DEFAULT_RUNS = 7

/** Starts in a run, of which the fastest counts: it is the one that the machine disturbed least. */
const STARTS = 3

const OURS = 'Blackhole worker, start to first byte'
const PLAIN = 'Cache API worker, start to first byte'

/** A page and another one to come from; the same bytes for both. */
const PAGE = `<!doctype html><html lang="en"><head><title>Start</title></head><body>${'<p>A paragraph.</p>'.repeat(200)}</body></html>`
const OTHER = 'other.html'

/** The least that a worker can do for a page that is stored. */
const CACHE_WORKER = `
addEventListener('install', (event) => event.waitUntil((async () => {
  const cache = await caches.open('pages')
  await cache.addAll(['/', '/${OTHER}'])
  await skipWaiting()
})()))
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('fetch', (event) => event.respondWith(caches.match(event.request).then((found) => found ?? fetch(event.request))))
`

/** What a stopped worker costs a visitor who comes back, against a worker that only answers from the Cache API. */
export async function workerStart(options: BenchOptions): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), 'blackhole-worker-start-'))
  const site = join(folder, 'site')
  await mkdir(site)
  await writeFile(join(site, 'index.html'), PAGE)
  await writeFile(join(site, OTHER), PAGE)
  const relay = await startRelay({ data: join(folder, 'relay'), args: ['--log-level', 'error'] })
  const plain = await servePlain()
  const browser = await launchChromium()
  try {
    const { name } = await publishFolder(site, { relay: relay.url, home: join(folder, 'home') })
    const results = await interleave(
      [
        { name: OURS, run: () => fastestStart(browser, relay.siteUrl(name)) },
        { name: PLAIN, run: () => fastestStart(browser, plain.url) },
      ],
      options.runs || DEFAULT_RUNS,
      (contender, round, ms) => console.error(`round ${String(round + 1)} ${contender}: ${ms.toFixed(1)} ms`),
    )
    const rows = [...results].map(([contender, values]) => row(contender, 'ms', values))
    return { rows, ratios: [ratio('ours / Cache API worker', valueOf(rows, OURS) / valueOf(rows, PLAIN), '<=', 1.15)] }
  } finally {
    await browser.close()
    await plain.close()
    await relay.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** A page with the worker of a site, opened after the worker was stopped: from the start of the worker to the first byte. */
async function fastestStart(browser: ChromiumBrowser, url: string): Promise<number> {
  const visitor = await browser.newVisitor()
  try {
    await visitor.page.goto(url)
    await visitor.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    // Once through the worker, so that both pages are stored.
    await visitor.page.goto(new URL(OTHER, url).href)
    await visitor.page.goto(url)
    const starts: number[] = []
    while (starts.length < STARTS) starts.push(await start(visitor, url))
    return Math.min(...starts)
  } finally {
    await visitor.context.close()
  }
}

async function start(visitor: ChromiumVisitor, url: string): Promise<number> {
  // A page that is open talks to its worker, which would start it again.
  await visitor.page.goto('about:blank')
  await visitor.stopServiceWorkers()
  await visitor.page.goto(url)
  return visitor.page.evaluate(() => {
    const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
    if (entry === undefined || entry.workerStart === 0) throw new Error('The page did not come through a worker')
    return entry.responseStart - entry.workerStart
  })
}

async function servePlain(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const isWorker = request.url === '/worker.js'
    response.writeHead(200, { 'content-type': isWorker ? 'text/javascript' : 'text/html; charset=utf-8' })
    const register = `<script>navigator.serviceWorker.register('/worker.js')</script>`
    response.end(isWorker ? CACHE_WORKER : PAGE.replace('</head>', `${register}</head>`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
