import { launchChromium } from './browser.ts'
import type { ChromiumBrowser, ChromiumVisitor } from '@blackhole/testkit'
import type { Page } from 'playwright'

/** Two Chromiums, in processes of their own. */
export class TwoBrowsers {
  readonly #browsers: readonly [ChromiumBrowser, ChromiumBrowser]

  private constructor(browsers: readonly [ChromiumBrowser, ChromiumBrowser]) {
    this.#browsers = browsers
  }

  static async launch(): Promise<TwoBrowsers> {
    return new TwoBrowsers(await Promise.all([launchChromium(), launchChromium()]))
  }

  /**
   * Runs something with pages of fresh profiles: one in the second browser, the others in the first.
   * What the pages complained of is shown when it fails.
   */
  async withPages<T>(senders: number, task: (receiver: Page, senders: readonly Page[]) => Promise<T>): Promise<T> {
    const [first, second] = this.#browsers
    const visitors: ChromiumVisitor[] = []
    try {
      for (let index = 0; index < senders; index += 1) visitors.push(await first.newVisitor())
      const receiver = await second.newVisitor()
      visitors.push(receiver)
      return await task(
        receiver.page,
        visitors.slice(0, senders).map(({ page }) => page),
      )
    } catch (error) {
      for (const complaint of visitors.flatMap(({ consoleErrors }) => consoleErrors)) console.error(complaint)
      throw error
    } finally {
      await Promise.all(visitors.map(({ context }) => context.close()))
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#browsers.map((browser) => browser.close()))
  }
}
