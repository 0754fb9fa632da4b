/** What a visit has come to so far, in the page at `globalThis.visit`; times are in ms since 1970. */
export interface VisitLog {
  /** When how many more bytes of the site's files had arrived. */
  readonly arrivals: readonly (readonly [at: number, bytes: number])[]
  /** Files that are whole. */
  readonly resources: readonly ResourceTime[]
  /** End of the page's `load` event; NaN before. */
  readonly loadedAt: number
  /** When the last file was whole; 0 before. */
  readonly doneAt: number
  /** Files that did not arrive or are not what the owner made, and why. */
  readonly failures: readonly string[]
}

/** A file that a page got whole. */
export interface ResourceTime {
  readonly path: string
  readonly askedAt: number
  readonly wholeAt: number
}

/** A file that every visitor gets in the end, as the site's `files.json` lists it. */
export interface ListedFile {
  readonly path: string
  readonly size: number
  /** SHA-256 in hexadecimal. */
  readonly sha256: string
}

/** Arrivals closer together than this are one: a film has many chunks. */
const RESOLUTION_MS = 50

/** Keeps the log of this page's visit. */
export class VisitRecorder {
  readonly #arrivals: [at: number, bytes: number][] = []
  readonly #resources: ResourceTime[] = []
  readonly #failures: string[] = []
  #doneAt = 0

  /** Puts itself at `globalThis.visit`. */
  constructor() {
    Object.defineProperty(globalThis, 'visit', { get: () => this.read() })
  }

  arrived(bytes: number): void {
    const at = now()
    const last = this.#arrivals.at(-1)
    if (last !== undefined && at - last[0] < RESOLUTION_MS) last[1] += bytes
    else this.#arrivals.push([at, bytes])
  }

  /** A file is whole; times are by the page's own clock (`performance.now()`). */
  whole(path: string, askedAt: number, wholeAt: number): void {
    const { timeOrigin } = performance
    this.#resources.push({ path, askedAt: timeOrigin + askedAt, wholeAt: timeOrigin + wholeAt })
  }

  failed(reason: string): void {
    this.#failures.push(reason)
  }

  done(): void {
    this.#doneAt = now()
  }

  read(): VisitLog {
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
    const loaded = navigation?.loadEventEnd ?? 0
    return {
      arrivals: this.#arrivals,
      resources: this.#resources,
      loadedAt: loaded === 0 ? Number.NaN : performance.timeOrigin + loaded,
      doneAt: this.#doneAt,
      failures: this.#failures,
    }
  }
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
