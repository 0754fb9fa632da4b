import { measureLoad } from './load-times.ts'
import type { ChromiumBrowser, ChromiumVisitor } from '@blackhole/testkit'
import type { Page } from 'playwright'
import type { LoadTimes } from './load-times.ts'

/** What the loader puts into a page, as far as it is used here. */
interface PageBlackhole {
  readonly ready: Promise<void>
  status(): Promise<{ readonly peers: number; readonly received: { readonly peers: number; readonly http: number } }>
}

/** The page that is measured, and the empty one by which a visitor arrives with none of its files. */
const PAGE = 'index.html'
export const EMPTY_PAGE = 'arrive.html'

/** Loads the page twice as the same visitor: all new, then again. */
export async function visitTwice(
  browser: ChromiumBrowser,
  origin: string,
  settle: (page: Page) => Promise<void>,
): Promise<{ first: LoadTimes; second: LoadTimes }> {
  const visitor = await browser.newVisitor()
  try {
    const first = await measureLoad(visitor.page, `${origin}${PAGE}`)
    await settle(visitor.page)
    const again = await visitor.context.newPage()
    return { first, second: await measureLoad(again, `${origin}${PAGE}`) }
  } finally {
    await visitor.context.close()
  }
}

/**
 * A visitor whose worker runs and whose peer knows a holder, but who has none of the page's files, loads the page.
 *
 * @returns also which part of the bytes came from the holder, 0 to 1; the rest came over the link
 */
export async function visitThroughPeer(
  browser: ChromiumBrowser,
  origin: string,
): Promise<LoadTimes & { readonly fromPeers: number }> {
  const visitor = await browser.newVisitor()
  try {
    await visitor.page.goto(`${origin}${EMPTY_PAGE}`)
    await ready(visitor.page)
    await visitor.page.waitForFunction(async () => {
      const { blackhole } = globalThis as unknown as { blackhole: PageBlackhole }
      return (await blackhole.status()).peers > 0
    })
    const before = await receivedBy(visitor.page)
    const page = await visitor.context.newPage()
    const times = await measureLoad(page, `${origin}${PAGE}`)
    const after = await receivedBy(visitor.page)
    const peers = after.peers - before.peers
    return { ...times, fromPeers: peers / (peers + after.http - before.http) }
  } finally {
    await visitor.context.close()
  }
}

/** Someone who holds the page's files and stays. */
export async function holdPage(
  browser: ChromiumBrowser,
  origin: string,
  settle: (page: Page) => Promise<void>,
): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await visitor.page.goto(`${origin}${PAGE}`)
  await settle(visitor.page)
  // Once more, through the worker, so that each file is stored.
  await visitor.page.reload()
  await settle(visitor.page)
  return visitor
}

/** Waits until the worker controls the page and the peer has joined. */
export async function ready(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { blackhole } = globalThis as unknown as { blackhole: PageBlackhole }
    await blackhole.ready
  })
}

/** Bytes of content that this origin has received so far. */
export async function receivedBy(page: Page): Promise<{ readonly peers: number; readonly http: number }> {
  return page.evaluate(async () => {
    const { blackhole } = globalThis as unknown as { blackhole: PageBlackhole }
    return (await blackhole.status()).received
  })
}
