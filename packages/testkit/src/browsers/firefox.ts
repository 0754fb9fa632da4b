import puppeteer, { type Browser, type BrowserContext, type Page } from 'puppeteer-core'
import { Complaints } from './complaints.ts'
import { requireBrowser } from './executables.ts'
import { firefoxPreferences } from './firefox-preferences.ts'
import { type BrowserOptions, type GotoOptions, HARNESS_TIMEOUTS, type TestBrowser, type Visitor } from './visitor.ts'

/** Options of {@link launchFirefox}. */
export interface FirefoxOptions extends BrowserOptions {
  /** Further preferences. */
  readonly preferences?: Readonly<Record<string, string | number | boolean>>
}

/** Starts a Firefox, driven over WebDriver BiDi, that talks to this machine only. */
export async function launchFirefox(options: FirefoxOptions = {}): Promise<FirefoxBrowser> {
  const hosts = Object.keys(options.hosts ?? {})
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: requireBrowser('firefox'),
    extraPrefsFirefox: { ...firefoxPreferences(hosts), ...options.preferences },
    headless: true,
    timeout: HARNESS_TIMEOUTS.launchMs,
    protocolTimeout: PROTOCOL_TIMEOUT_MS,
  })
  return new FirefoxBrowser(browser, hosts)
}

/** Longest answer of the browser: functions that run in the page for minutes are up to the test's own timeout. */
const PROTOCOL_TIMEOUT_MS = 600_000

/** A Firefox with any number of visitors, each in a container (user context) of its own. */
export class FirefoxBrowser implements TestBrowser {
  readonly name = 'firefox'
  /** Puppeteer's own handle. */
  readonly browser: Browser
  readonly #hosts: readonly string[]

  constructor(browser: Browser, hosts: readonly string[]) {
    this.browser = browser
    this.#hosts = hosts
  }

  async newVisitor(): Promise<FirefoxVisitor> {
    const context = await this.browser.createBrowserContext()
    return new FirefoxVisitor(context, await context.newPage(), this.#hosts)
  }

  async close(): Promise<void> {
    await this.browser.close()
  }
}

/** A visitor in Firefox; puppeteer's handles are there for what only it can do. */
export class FirefoxVisitor implements Visitor {
  readonly browser = 'firefox'
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
    return (await this.page.goto(url, { timeout: timeoutMs, waitUntil: 'load' }))?.status() ?? 0
  }

  async evaluate<R, A>(fn: (arg: A) => R | Promise<R>, arg?: A): Promise<R> {
    return await this.page.evaluate(fn as (arg: unknown) => R | Promise<R>, arg)
  }

  async waitFor(
    fn: () => unknown,
    { timeoutMs = HARNESS_TIMEOUTS.waitMs }: { timeoutMs?: number } = {},
  ): Promise<void> {
    await this.page.waitForFunction(fn, { timeout: timeoutMs, polling: POLL_MS })
  }

  async newTab(): Promise<FirefoxVisitor> {
    return new FirefoxVisitor(this.context, await this.context.newPage(), this.#hosts)
  }

  async close(): Promise<void> {
    await this.page.close()
    if ((await this.context.pages()).length === 0) await this.context.close()
  }
}

/** Firefox draws no frames in the background, so conditions are polled by time and not by frame. */
const POLL_MS = 50
