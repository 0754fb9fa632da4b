import type { Page } from 'playwright'
import type { FileSite } from '../transfer/contenders/file-site.ts'

/** What the loader puts into a page, as far as it is used here. */
interface PageBlackhole {
  readonly ready: Promise<void>
  status(): Promise<{ readonly peers: number }>
}

/** Opens the site as visitors do and reads files, so that the page holds them. The relay serves content. */
export async function visitAsHolder(page: Page, site: FileSite, paths: readonly string[]): Promise<void> {
  await site.relay.serveContent(true)
  await visit(page, site)
  for (const path of paths) await readFile(page, path)
}

/** Opens the site and waits for a peer; then the relay serves no content. */
export async function visitAsReader(page: Page, site: FileSite): Promise<void> {
  await visit(page, site)
  await site.relay.serveContent(false)
  await page.waitForFunction(async () => {
    const { blackhole } = globalThis as unknown as { blackhole: PageBlackhole }
    return (await blackhole.status()).peers > 0
  })
}

/** Fetches a file in the page, through its worker, and drains it. */
export async function readFile(page: Page, path: string): Promise<number> {
  return page.evaluate(async (file) => {
    const response = await fetch(file)
    if (!response.ok) throw new Error(`${file}: ${String(response.status)}`)
    if (!response.headers.has('x-blackhole-source')) throw new Error(`${file} did not come through the worker`)
    return (await response.arrayBuffer()).byteLength
  }, path)
}

async function visit(page: Page, site: FileSite): Promise<void> {
  await page.goto(site.relay.siteUrl(site.name))
  await page.evaluate(async () => {
    const { blackhole } = globalThis as unknown as { blackhole: PageBlackhole }
    await blackhole.ready
  })
}
