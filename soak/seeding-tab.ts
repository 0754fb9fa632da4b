import { BareChromium } from './bare-chromium.ts'
import { DevTools } from './devtools.ts'
import { anonymousBytes } from './resident-bytes.ts'
import type { Counters } from './sample.ts'

const READY_TIMEOUT_MS = 60_000
const READY_CHECK_MS = 200

/** What the page counts of itself. */
interface PageCounts {
  readonly peers: number
  readonly timers: number
  readonly storedBytes: number
}

/** A visitor who has a site's page open all the time and serves it to others, in a Chromium of its own. */
export class SeedingTab {
  readonly #chromium: BareChromium
  readonly #page: DevTools

  private constructor(chromium: BareChromium, page: DevTools) {
    this.#chromium = chromium
    this.#page = page
  }

  /**
   * Opens a page and waits until it is ready.
   *
   * @param profile - an empty folder for the browser
   */
  static async open(profile: string, url: string): Promise<SeedingTab> {
    const chromium = await BareChromium.start(profile)
    try {
      const blank = (await chromium.targets()).find(({ type }) => type === 'page')
      if (blank === undefined) throw new Error('The browser has no page')
      const page = await DevTools.connect(blank.webSocketDebuggerUrl)
      await page.send('Page.enable')
      await page.send('Page.addScriptToEvaluateOnNewDocument', { source: `(${countTimers.toString()})()` })
      await page.send('Page.navigate', { url })
      const tab = new SeedingTab(chromium, page)
      await tab.#ready(url)
      return tab
    } catch (error) {
      await chromium.close()
      throw error
    }
  }

  /** Reads files of the site in the page, through its worker. */
  async read(paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.#run(readThroughWorker, path)
  }

  /** Bytes of the heaps of page and worker (left out while it is stopped), and of all renderers together. */
  async memory(): Promise<Counters> {
    const tab = await this.#page.liveHeapBytes()
    const worker = await this.#workerHeap()
    const { processInfo } = await this.#chromium.browser.send<{ processInfo: { type: string; id: number }[] }>(
      'SystemInfo.getProcessInfo',
    )
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
    return {
      'tab: heap': tab,
      ...(worker === undefined ? {} : { 'worker: heap': worker }),
      'tab: resident': await anonymousBytes(renderers),
    }
  }

  /** What must be as before when everyone has left. Collects garbage: what is only not yet freed doesn't count. */
  async counters(): Promise<Counters> {
    await this.#page.send('HeapProfiler.collectGarbage')
    const connections = await this.#objects('RTCPeerConnection')
    const channels = await this.#objects('RTCDataChannel')
    const { peers, timers, storedBytes } = await this.#run(countPage)
    return {
      'tab: peers': peers,
      'tab: RTCPeerConnections': connections,
      'tab: RTCDataChannels': channels,
      'tab: timers': timers,
      'tab: bytes stored': storedBytes,
    }
  }

  /** Bytes that it has given to others. */
  async shared(): Promise<number> {
    return await this.#run(sharedBytes)
  }

  async close(): Promise<void> {
    this.#page.close()
    await this.#chromium.close()
  }

  /** Runs a function in the page; argument and result must be JSON. */
  async #run<R, A>(run: (arg: A) => Promise<R>, arg?: A): Promise<R> {
    const expression = `(${run.toString()})(${arg === undefined ? '' : JSON.stringify(arg)})`
    const { result, exceptionDetails } = await this.#page.send<{
      result: { value: R }
      exceptionDetails?: { text: string; exception?: { description?: string } }
    }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (exceptionDetails === undefined) return result.value
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
  }

  /** Waits for the page that was navigated to, and then for its peer. */
  async #ready(url: string): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS
    while (!(await this.#run(isReady, url).catch(() => false))) {
      if (performance.now() > deadline) throw new Error(`${url} was not ready in time`)
      await new Promise((resolve) => setTimeout(resolve, READY_CHECK_MS))
    }
  }

  async #workerHeap(): Promise<number | undefined> {
    const worker = (await this.#chromium.targets()).find(({ type }) => type === 'service_worker')
    if (worker === undefined) return undefined
    // Attached for a moment only: a debugger keeps a worker from ever being stopped.
    const devtools = await DevTools.connect(worker.webSocketDebuggerUrl)
    try {
      return await devtools.liveHeapBytes()
    } finally {
      devtools.close()
    }
  }

  /** Objects of a class that exist in the page, closed ones included: who holds a closed one leaks. */
  async #objects(type: 'RTCPeerConnection' | 'RTCDataChannel'): Promise<number> {
    const objectGroup = 'soak'
    try {
      const { result } = await this.#page.send<{ result: { objectId: string } }>('Runtime.evaluate', {
        expression: `${type}.prototype`,
        objectGroup,
      })
      const { objects } = await this.#page.send<{ objects: { objectId: string } }>('Runtime.queryObjects', {
        prototypeObjectId: result.objectId,
        objectGroup,
      })
      const { result: count } = await this.#page.send<{ result: { value: number } }>('Runtime.callFunctionOn', {
        objectId: objects.objectId,
        functionDeclaration: 'function () { return this.length }',
        returnByValue: true,
      })
      return count.value
    } finally {
      await this.#page.send('Runtime.releaseObjectGroup', { objectGroup })
    }
  }
}

/** Runs in the page before its scripts do. */
function countTimers(): void {
  const pending = new Set<unknown>()
  const { setTimeout: start, clearTimeout: stop } = globalThis
  const { setInterval: repeat, clearInterval: end } = globalThis
  const counted = {
    setTimeout: (run: (...values: unknown[]) => void, ms?: number, ...values: unknown[]) => {
      const id = start(() => {
        pending.delete(id)
        run(...values)
      }, ms)
      pending.add(id)
      return id
    },
    clearTimeout: (id?: number) => {
      pending.delete(id)
      stop(id)
    },
    setInterval: (run: (...values: unknown[]) => void, ms?: number, ...values: unknown[]) => {
      const id = repeat(run, ms, ...values)
      pending.add(id)
      return id
    },
    clearInterval: (id?: number) => {
      pending.delete(id)
      end(id)
    },
    pendingTimers: () => pending.size,
  }
  Object.assign(globalThis, counted)
}

interface PageGlobals {
  readonly blackhole: { readonly ready: Promise<void>; status(): Promise<{ peers: number; shared: number }> }
  readonly pendingTimers: () => number
}

async function isReady(url: string): Promise<boolean> {
  if (!location.href.startsWith(url)) return false
  await (globalThis as unknown as PageGlobals).blackhole.ready
  return true
}

async function sharedBytes(): Promise<number> {
  return (await (globalThis as unknown as PageGlobals).blackhole.status()).shared
}

async function readThroughWorker(path: string): Promise<void> {
  const response = await fetch(path)
  if (!response.ok) throw new Error(`${path}: ${String(response.status)}`)
  await response.arrayBuffer()
}

/** Runs in the page. */
async function countPage(): Promise<PageCounts> {
  const { blackhole, pendingTimers } = globalThis as unknown as PageGlobals
  const { peers } = await blackhole.status()
  const { usage = 0 } = await navigator.storage.estimate()
  return { peers, timers: pendingTimers(), storedBytes: usage }
}
