import { parseFellows, type FellowInfo, type SiteName } from '@blackhole/protocol'
import type { SiteState } from '@blackhole/site'

/**
 * Fellows are believed for so long after one of the site's relays named them: a relay that left the federation since
 * is not turned to for ever, and one that is down for a week-end is stood in for.
 */
export const FELLOWS_LIFETIME_MS = 7 * 24 * 60 * 60_000

/** What the memory needs. */
export interface FellowMemoryComponents {
  readonly state: Pick<SiteState, 'setting' | 'setSetting'>
  readonly now: () => number
}

/**
 * The fellows that a site's relays named last, kept in the browser: a page that is opened while none of these relays
 * answers knows whom to turn to. At most 8, as many as are read from a relay.
 */
export class FellowMemory {
  readonly #components: FellowMemoryComponents
  readonly #key: string
  #written = ''

  constructor(components: FellowMemoryComponents, { site }: { readonly site: SiteName }) {
    this.#components = components
    this.#key = `fellows:${site}`
  }

  /** Those that are still believed; none when there is no storage, or what is in it can't be read. */
  async read(): Promise<FellowInfo[]> {
    const { state, now } = this.#components
    try {
      const stored: unknown = JSON.parse(String((await state.setting(this.#key)) ?? 'null'))
      if (typeof stored !== 'object' || stored === null || !('at' in stored) || !('fellows' in stored)) return []
      const age = now() - Number(stored.at)
      // A clock that was set back must not make them last for ever.
      return age >= 0 && age < FELLOWS_LIFETIME_MS ? (parseFellows(stored.fellows) ?? []) : []
    } catch {
      return []
    }
  }

  /** One of the site's relays has answered: these are its fellows now, none included. */
  async write(fellows: readonly FellowInfo[]): Promise<void> {
    const { state, now } = this.#components
    const text = JSON.stringify(fellows)
    if (text === this.#written) return
    this.#written = text
    const value = fellows.length === 0 ? undefined : JSON.stringify({ at: now(), fellows })
    // Without storage they hold for this page.
    await state.setSetting(this.#key, value).catch(() => undefined)
  }
}
