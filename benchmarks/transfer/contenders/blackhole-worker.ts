import { FILE, FileSite } from './file-site.ts'
import type { Page } from 'playwright'
import type { System } from '../contender.ts'
import type { Received } from '../pages/bytes.ts'

/** What the loader puts into the page, as far as it is used here. */
interface PageBlackhole {
  readonly ready: Promise<void>
  status(): Promise<{ readonly peers: number }>
}

/** Blackhole as visitors have it: `fetch()` of a file of the site, answered by the service worker. */
export function blackholeWorker(): System {
  let site: FileSite | undefined
  return {
    name: 'Blackhole, worker',
    note: 'verifies SHA-256 of each 1 MiB piece before its first byte is handed on, stores pieces in IndexedDB',
    start: async ({ size }) => {
      site = await FileSite.start(size)
    },
    stop: async () => {
      await site?.stop()
    },
    connect: async ({ sender, receiver }) => {
      if (site === undefined) throw new Error('There is no site')
      const shared = site
      const url = shared.relay.siteUrl(shared.name)
      await shared.relay.serveContent(true)
      await Promise.all([visit(sender, url), visit(receiver, url)])
      await receive(sender)
      await shared.relay.serveContent(false)
      await knowsPeer(receiver)
      return () => shared.withoutContent(() => receive(receiver))
    },
  }
}

/** Opens the site and waits until its worker answers and its peer has joined. */
async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.evaluate(async () => {
    const { blackhole } = globalThis as unknown as { blackhole: PageBlackhole }
    await blackhole.ready
  })
}

async function knowsPeer(page: Page): Promise<void> {
  await page.waitForFunction(async () => {
    const { blackhole } = globalThis as unknown as { blackhole: PageBlackhole }
    return (await blackhole.status()).peers > 0
  })
}

/** Fetches the file and drains it. */
async function receive(page: Page): Promise<Received> {
  return page.evaluate(async (file) => {
    const start = performance.now()
    const response = await fetch(file)
    if (!response.ok || response.body === null) throw new Error(`${file}: ${String(response.status)}`)
    if (!response.headers.has('x-blackhole-source')) throw new Error(`${file} did not come through the worker`)
    const reader = response.body.getReader()
    let bytes = 0
    let first = Number.NaN
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (bytes === 0) first = performance.now()
      bytes += part.value.byteLength
    }
    return { bytes, ms: performance.now() - start, firstByteMs: first - start }
  }, FILE)
}
