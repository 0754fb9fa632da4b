import type { SiteState } from '@blackhole/site'

/** Bounds of what is fetched on a guess. */
export interface PrefetchBudgetInit {
  /** Bytes from one page: less than a photograph or two, since most guesses are wrong. */
  readonly pageBytes: number
  /** Bytes of all pages of the origin in an hour: who leafs through a site does not fetch all of it. */
  readonly hourBytes: number
}

/** Defaults of {@link PrefetchBudgetInit}. */
export const PREFETCH_BUDGET: PrefetchBudgetInit = Object.freeze({
  pageBytes: 2 * 1024 * 1024,
  hourBytes: 16 * 1024 * 1024,
})

/** What {@link PrefetchBudget} works with. */
export interface PrefetchBudgetComponents {
  readonly state: Pick<SiteState, 'setting' | 'setSetting'>
  readonly now: () => number
}

/** Setting of the origin: when the hour began, and bytes since then. */
const SETTING = 'prefetched'
const HOUR_MS = 60 * 60_000

/** How many bytes may still be fetched on a guess. The hour is counted over all pages and reloads of the origin. */
export class PrefetchBudget {
  readonly #components: PrefetchBudgetComponents
  readonly #init: PrefetchBudgetInit
  #page = 0

  constructor(components: PrefetchBudgetComponents, init: Partial<PrefetchBudgetInit> = {}) {
    this.#components = components
    this.#init = { ...PREFETCH_BUDGET, ...init }
  }

  /** Bytes that this page may still spend. */
  async left(): Promise<number> {
    const { pageBytes, hourBytes } = this.#init
    const { bytes } = await this.#hour()
    return Math.max(0, Math.min(pageBytes - this.#page, hourBytes - bytes))
  }

  /** Spends bytes before they are fetched: what is broken off is not given back. */
  async spend(spent: number): Promise<void> {
    this.#page += spent
    const { since, bytes } = await this.#hour()
    const text = JSON.stringify([since, bytes + spent])
    await this.#components.state.setSetting(SETTING, text).catch(() => undefined)
  }

  async #hour(): Promise<{ since: number; bytes: number }> {
    const now = this.#components.now()
    const text = await this.#components.state.setting(SETTING).catch(() => undefined)
    const [since, bytes] = typeof text === 'string' && text.length < 100 ? read(text) : []
    const isNow = typeof since === 'number' && since <= now && now - since < HOUR_MS
    return isNow && typeof bytes === 'number' && bytes >= 0 ? { since, bytes } : { since: now, bytes: 0 }
  }
}

function read(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
