import type { SiteState } from '@blackhole/site'
import { PathTimes, readPathTimes } from './hedge-times.ts'

/** Setting of the origin that keeps the times. */
export const HEDGE_SETTING = 'hedge-times'

/** Servers that are remembered: the page's own origin and its relays. */
const MAX_ORIGINS = 8
/** Longest text that is read: the measured times of so many servers have room, a damaged setting is dropped. */
const MAX_TEXT = 8 * 1024
/** Times are written at most this often: they change with each piece. */
const SAVE_EVERY_MS = 5_000

/** What {@link HedgeMemory} works with. */
export interface HedgeMemoryComponents {
  readonly state: Pick<SiteState, 'setting' | 'setSetting'>
  readonly now: () => number
  /** Keeps the worker alive until the promise settles. */
  keepAlive: (work: Promise<unknown>) => void
}

/** The measured times of peers and of each server, kept for the next run of the worker. */
export class HedgeMemory {
  readonly #components: HedgeMemoryComponents
  #peers = new PathTimes()
  #origins = new Map<string, PathTimes>()
  #savedAt = -Infinity

  constructor(components: HedgeMemoryComponents) {
    this.#components = components
  }

  get peers(): PathTimes {
    return this.#peers
  }

  /** Times of the server of an origin (`https://host`). The one asked longest ago makes room. */
  origin(origin: string): PathTimes {
    const times = this.#origins.get(origin) ?? new PathTimes()
    this.#origins.delete(origin)
    this.#origins.set(origin, times)
    const [oldest] = this.#origins.keys()
    if (this.#origins.size > MAX_ORIGINS && oldest !== undefined) this.#origins.delete(oldest)
    return times
  }

  /** Reads what an earlier run kept. Whatever is wrong with it is left out. Never rejects. */
  async restore(): Promise<void> {
    const text = await this.#components.state.setting(HEDGE_SETTING).catch(() => undefined)
    const { peers, origins } = parse(text)
    const known = readPathTimes(peers)
    if (known !== undefined) this.#peers = new PathTimes(known)
    if (typeof origins !== 'object' || origins === null) return
    for (const [origin, value] of Object.entries(origins).slice(0, MAX_ORIGINS)) {
      const times = readPathTimes(value)
      if (times !== undefined) this.#origins.set(origin, new PathTimes(times))
    }
  }

  /** Something was measured: it is written soon enough, and not each time. */
  changed(): void {
    const { now, state, keepAlive } = this.#components
    if (now() - this.#savedAt < SAVE_EVERY_MS) return
    this.#savedAt = now()
    const origins = Object.fromEntries([...this.#origins].map(([origin, { state }]) => [origin, state]))
    const text = JSON.stringify({ peers: this.#peers.state, origins })
    keepAlive(state.setSetting(HEDGE_SETTING, text).catch(() => undefined))
  }
}

function parse(text: unknown): { peers?: unknown; origins?: unknown } {
  if (typeof text !== 'string' || text.length > MAX_TEXT) return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
