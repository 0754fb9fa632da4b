import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import { chromiumFlags } from './chromium-flags.ts'
import { Complaints } from './complaints.ts'
import { requireBrowser } from './executables.ts'
import { type BrowserOptions, type GotoOptions, HARNESS_TIMEOUTS, type TestBrowser, type Visitor } from './visitor.ts'

/** Options of {@link launchChromium}. */
export interface ChromiumOptions extends BrowserOptions {
  /** Further command line flags. */
  readonly args?: readonly string[]
  /** Default: the one that {@link requireBrowser} finds. */
  readonly executable?: string
}

/** Starts a Chromium that talks to this machine only. */
export async function launchChromium(options: ChromiumOptions = {}): Promise<ChromiumBrowser> {
  return new ChromiumBrowser(await chromium.launch(launchOptions(options)), Object.keys(options.hosts ?? {}))
}

/**
 * A visitor with a profile in a folder of its own, so that storage survives the browser: for quota,
 * restart and measurements; {@link ChromiumBrowser.newVisitor} is lighter.
 */
export async function openChromiumProfile(folder: string, options: ChromiumOptions = {}): Promise<ChromiumVisitor> {
  const context = await chromium.launchPersistentContext(folder, launchOptions(options))
  const page = context.pages()[0] ?? (await context.newPage())
  return new ChromiumVisitor(context, page, Object.keys(options.hosts ?? {}))
}

function launchOptions(options: ChromiumOptions): Parameters<typeof chromium.launch>[0] {
  return {
    executablePath: options.executable ?? requireBrowser('chromium'),
    args: [...chromiumFlags(options.hosts), ...(options.args ?? [])],
    headless: true,
    timeout: HARNESS_TIMEOUTS.launchMs,
  }
}

/** A Chromium with any number of visitors who share nothing but its process. */
export class ChromiumBrowser implements TestBrowser {
  readonly name = 'chromium'
  /** Playwright's own handle. */
  readonly browser: Browser
  readonly #hosts: readonly string[]

  constructor(browser: Browser, hosts: readonly string[]) {
    this.browser = browser
    this.#hosts = hosts
  }

  async newVisitor(): Promise<ChromiumVisitor> {
    const context = await this.browser.newContext()
    return new ChromiumVisitor(context, await context.newPage(), this.#hosts)
  }

  async close(): Promise<void> {
    await this.browser.close()
  }
}

/** Playwright's own way asks at each animation frame: eight pages that are waited for then paint all the time, and fill half a core. */
const POLL_MS = 50

/** A visitor in Chromium; Playwright's handles are there for what only it can do. */
export class ChromiumVisitor implements Visitor {
  readonly browser = 'chromium'
  readonly context: BrowserContext
  readonly page: Page
  readonly #hosts: readonly string[]
  readonly #complaints: Complaints

  constructor(context: BrowserContext, page: Page, hosts: readonly string[]) {
    this.context = context
    this.page = page
    this.#hosts = hosts
    const complaints = new Complaints(hosts)
    this.#complaints = complaints
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.console(message.text(), message.location().url)
    })
    page.on('pageerror', (error) => {
      complaints.uncaught(error)
    })
    page.on('requestfailed', (request) => {
      complaints.failed(request.method(), request.url(), request.failure()?.errorText ?? 'failed')
    })
    page.on('response', (response) => {
      complaints.answered(response.request().method(), response.url(), response.status())
    })
  }

  get consoleErrors(): readonly string[] {
    return this.#complaints.consoleErrors
  }

  get failedRequests(): readonly string[] {
    return this.#complaints.failedRequests
  }

  async goto(url: string, { timeoutMs = HARNESS_TIMEOUTS.gotoMs }: GotoOptions = {}): Promise<number> {
    return (await this.page.goto(url, { timeout: timeoutMs }))?.status() ?? 0
  }

  async evaluate<R, A>(fn: (arg: A) => R | Promise<R>, arg?: A): Promise<R> {
    // Playwright's types describe arguments with handles in them, which the interface does not have.
    return await this.page.evaluate(fn as (arg: unknown) => R | Promise<R>, arg)
  }

  async waitFor(
    fn: () => unknown,
    { timeoutMs = HARNESS_TIMEOUTS.waitMs }: { timeoutMs?: number } = {},
  ): Promise<void> {
    await this.page.waitForFunction(fn, undefined, { timeout: timeoutMs, polling: POLL_MS })
  }

  async newTab(): Promise<ChromiumVisitor> {
    return new ChromiumVisitor(this.context, await this.context.newPage(), this.#hosts)
  }

  /**
   * Stops all running service workers of the visitor, as Chromium does after
   * 30 idle seconds, but now and whatever they are doing, and waits until they
   * are gone.
   *
   * @throws when none was running
   */
  async stopServiceWorkers(): Promise<void> {
    const session = await this.context.newCDPSession(this.page)
    const running = new Set<string>()
    const seen = Promise.withResolvers<undefined>()
    const stopped = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => {
      for (const { reject } of [seen, stopped]) reject(new Error('No service worker was running, or it did not stop'))
    }, HARNESS_TIMEOUTS.waitMs)
    stopped.promise.catch(() => undefined)
    session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      for (const { versionId, runningStatus } of versions) {
        if (runningStatus === 'running') running.add(versionId)
        else if (runningStatus === 'stopped' && running.delete(versionId) && running.size === 0)
          stopped.resolve(undefined)
      }
      if (running.size > 0) seen.resolve(undefined)
    })
    try {
      await session.send('ServiceWorker.enable')
      // What is running is said a moment later.
      await seen.promise
      await session.send('ServiceWorker.stopAllWorkers')
      await stopped.promise
    } finally {
      clearTimeout(timer)
      await session.detach()
    }
  }

  async close(): Promise<void> {
    await this.page.close({ runBeforeUnload: false })
    if (this.context.pages().length === 0) await this.context.close()
  }
}
