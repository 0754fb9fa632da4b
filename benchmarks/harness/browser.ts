import { launchChromium as launch } from '@blackhole/testkit'
import type { ChromiumBrowser } from '@blackhole/testkit'
import type { Page } from 'playwright'

/** A measured page must not be slowed down for being in the background. */
const FOREGROUND = [
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--disable-background-timer-throttling',
]

/** Starts a Chromium as the tests do, but with no page of it ever in the background. */
export async function launchChromium(): Promise<ChromiumBrowser> {
  return launch({ args: FOREGROUND })
}

/** The functions that a benchmark's page put at `globalThis.bench`, callable from here. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never
}

/** Calls what a page put at `globalThis.bench`; arguments and results travel as JSON. */
export function remote<T>(page: Pick<Page, 'evaluate'>): Remote<T> {
  return new Proxy({} as Remote<T>, {
    get:
      (_target, name) =>
      (...args: unknown[]) =>
        page.evaluate(
          async ([method, values]) => {
            const { bench = {} } = globalThis as { bench?: Record<string, (...values: unknown[]) => unknown> }
            if (typeof bench[method] !== 'function') throw new Error(`The page has no function ${method}`)
            return bench[method](...values)
          },
          [String(name), args] as const,
        ),
  })
}
