import type { Page } from 'playwright'

/** When a page was done, in ms since its navigation started. */
export interface LoadTimes {
  /** End of the `load` event. */
  readonly load: number
  /** The last response of the page's own files, those that scripts asked for included; Blackhole's own scripts left out. */
  readonly finished: number
  /** Largest contentful paint; `NaN` when the browser reported none. */
  readonly largestPaint: number
  /** Each of the page's own files by its path, from the start of its request to its last byte. */
  readonly files: Readonly<Record<string, number>>
}

/** A page is quiet once nothing arrived for this long. */
const QUIET_MS = 500

/** Navigates and measures from inside the page. */
export async function measureLoad(page: Page, url: string): Promise<LoadTimes> {
  await page.goto(url, { waitUntil: 'load', timeout: 60_000 })
  const { largestPaint, ...times } = await page.evaluate(async (quietMs) => {
    const own = (): PerformanceResourceTiming[] =>
      performance
        .getEntriesByType('resource')
        .filter((entry) => entry instanceof PerformanceResourceTiming)
        .filter(({ name }) => name.startsWith(location.origin) && !name.includes('/.blackhole/'))
    const painted: number[] = []
    new PerformanceObserver((list) => {
      painted.push(...list.getEntries().map(({ startTime }) => startTime))
    }).observe({ type: 'largest-contentful-paint', buffered: true })
    for (let before = -1, seen = own().length; seen !== before; before = seen, seen = own().length) {
      await new Promise((resolve) => setTimeout(resolve, quietMs))
    }
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
    if (navigation === undefined) throw new Error('The browser keeps no navigation timing')
    return {
      load: navigation.loadEventEnd,
      finished: Math.max(navigation.responseEnd, ...own().map(({ responseEnd }) => responseEnd)),
      largestPaint: painted.at(-1),
      files: Object.fromEntries(own().map(({ name, duration }) => [new URL(name).pathname, duration])),
    }
  }, QUIET_MS)
  return { ...times, largestPaint: largestPaint ?? Number.NaN }
}
