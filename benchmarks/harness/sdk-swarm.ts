import { remote } from './browser.ts'
import type { Remote } from './browser.ts'
import type { PageServer } from './page-server.ts'
import type { Page } from 'playwright'
import type { FileSite } from '../transfer/contenders/file-site.ts'
import type { SdkPage } from '../transfer/pages/sdk.ts'

/** What the pages of a swarm are to hold, and how fast those who hold it may send. */
export interface SwarmInit {
  readonly site: FileSite
  readonly pages: PageServer
  readonly paths: readonly string[]
  /** Default: no limit. */
  readonly uploadBytesPerSecond?: number
}

/**
 * Has pages join a site by the SDK: the holders get the files from the relay, which then serves no content, so that
 * the reader can get them from the holders alone.
 *
 * @returns the reader, connected to all holders
 */
export async function joinBySdk(
  reader: Page,
  holders: readonly Page[],
  { site, pages, paths, uploadBytesPerSecond }: SwarmInit,
): Promise<{ readonly page: Remote<SdkPage> }> {
  const { relay, name } = site
  await relay.serveContent(true)
  for (const holder of holders) {
    await holder.goto(pages.url('sdk'))
    const page = remote<SdkPage>(holder)
    await page.open(relay.url, name, ...(uploadBytesPerSecond === undefined ? [] : [uploadBytesPerSecond]))
    await page.receiveAll(paths)
  }
  await relay.serveContent(false)
  await reader.goto(pages.url('sdk'))
  const page = remote<SdkPage>(reader)
  await page.open(relay.url, name)
  for (const path of paths) await page.foundHolder(path, holders.length)
  // In an object: a promise would take the page's proxy for another promise.
  return { page }
}
