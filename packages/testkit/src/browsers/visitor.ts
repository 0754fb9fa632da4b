import type { BrowserName } from './executables.ts'

/** A person with one tab of a browser, as far as tests go; the same in both engines. */
export interface Visitor {
  readonly browser: BrowserName
  /**
   * What the page and its worker complained of: `console.error` and uncaught
   * errors, those about other origins excepted.
   */
  readonly consoleErrors: readonly string[]
  /**
   * Requests to this machine that failed or were answered with 400 or more, as
   * `GET http://… : reason`. Those that the page or a navigation cancelled are no failures.
   */
  readonly failedRequests: readonly string[]
  /**
   * Opens a URL and waits for its `load` event.
   *
   * @returns the status of the answer; 0 when there is none to speak of (`about:blank`)
   */
  goto(url: string, options?: GotoOptions): Promise<number>
  /** Runs a function in the page; argument and result must be JSON. */
  evaluate<R>(fn: () => R | Promise<R>): Promise<R>
  evaluate<R, A>(fn: (arg: A) => R | Promise<R>, arg: A): Promise<R>
  /** Waits until the function, run in the page again and again, says something truthy; rejects after `timeoutMs` (15 s). */
  waitFor(fn: () => unknown, options?: { timeoutMs?: number }): Promise<void>
  /** Another tab of the same person: same storage, same worker. */
  newTab(): Promise<Visitor>
  /** Closes the tab; closing a person's last tab closes the person. */
  close(): Promise<void>
}

/** Options of {@link Visitor.goto}. */
export interface GotoOptions {
  /** Default 30 s. */
  readonly timeoutMs?: number
}

/** A running browser. */
export interface TestBrowser {
  readonly name: BrowserName
  /** Somebody who was never here: no storage, no worker. */
  newVisitor(): Promise<Visitor>
  /** Ends the browser and everyone in it. */
  close(): Promise<void>
}

/** How to start a browser. */
export interface BrowserOptions {
  /** Host names that mean an address of this machine, for tests of custom domains. */
  readonly hosts?: Readonly<Record<string, string>>
}

/** Deadlines of the harness: generous, since a loaded machine with two cores runs several browsers. */
export const HARNESS_TIMEOUTS = Object.freeze({ launchMs: 60_000, gotoMs: 30_000, waitMs: 15_000 })
