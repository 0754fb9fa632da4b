import { parseCid } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { readSiteRecord } from '@blackhole/site'
import type { SiteRecord, SiteState } from '@blackhole/site'
import { withinMs } from '../clock.ts'
import type { Clock } from '../clock.ts'
import type { PreloadedRecord } from '../start/preloaded-record.ts'
import type { ClientRoots } from './client-roots.ts'
import type { SiteVersion } from './site-version.ts'
import type { VersionLoader } from './version-loader.ts'

/** What {@link SiteVersions} works with. */
export interface SiteVersionsComponents {
  readonly state: SiteState
  readonly clients: ClientRoots
  readonly loader: Pick<VersionLoader, 'load'>
  readonly clock: Clock
  /** Asks all relays for the site's record, but for what the browser asked already: one promise each, unchecked. */
  askRelays: (
    signal: AbortSignal,
    preloaded: Promise<PreloadedRecord> | undefined,
  ) => readonly Promise<Uint8Array<ArrayBuffer>>[]
  /** The newest version says that the site has ended. */
  onRetired: () => void
}

/** Options of {@link SiteVersions}. */
export interface SiteVersionsInit {
  /** A navigation waits so long for the relay to say what is newest; then what is known is good enough. */
  readonly recordTimeoutMs: number
  /** In the background, a record that was checked this recently is not checked again. A navigation always checks. */
  readonly freshMs: number
  /** A navigation waits so long for a newer version to load; then it gets the one before, whole. */
  readonly loadTimeoutMs: number
}

/** Defaults of {@link SiteVersions}. */
export const VERSION_DEFAULTS: SiteVersionsInit = Object.freeze({
  recordTimeoutMs: 500,
  freshMs: 2_000,
  loadTimeoutMs: 3_000,
})

/** A background look for the record ends after this. */
const BACKGROUND_RECORD_MS = 10_000

/** Setting that names the last version that could be served whole: `ROOT EXPIRES`. */
const SERVED = 'served'

interface Served {
  readonly root: string
  /** When the record that named it expires, milliseconds since 1970. */
  readonly expires: number
}

/**
 * Which version of the site a request gets. A page keeps the version that it
 * navigated with; a navigation gets the newest. A record is used only when it
 * is signed, not expired and not older than any seen before (kept in
 * {@link SiteState}, so that a worker that was killed still knows).
 */
export class SiteVersions {
  readonly #components: SiteVersionsComponents
  readonly #site: SiteName
  readonly #init: SiteVersionsInit
  #served: Promise<Served | undefined> | undefined
  #known: boolean | undefined
  #beginning: Promise<SiteVersion | undefined> | undefined
  #current: SiteVersion | undefined
  #checkedAt = -Infinity

  constructor(components: SiteVersionsComponents, site: SiteName, init: SiteVersionsInit = VERSION_DEFAULTS) {
    this.#components = components
    this.#site = site
    this.#init = init
  }

  /** Whether any version can be served: undefined until the state was read. */
  get known(): boolean | undefined {
    return this.#known
  }

  /** The version that was served last, when it is in memory. */
  get current(): SiteVersion | undefined {
    return this.#current
  }

  /** The newest version is being looked for. */
  get beginning(): Promise<SiteVersion | undefined> | undefined {
    return this.#beginning
  }

  /**
   * The version for a navigation, which the new page keeps.
   *
   * @param clientId - of the page that will be
   * @param preloaded - the record that the browser asked for with the navigation; unchecked
   * @returns undefined when no version is known
   */
  async forNavigation(clientId: string, preloaded?: Promise<PreloadedRecord>): Promise<SiteVersion | undefined> {
    const before = await this.#lastServed()
    if (before === undefined) return undefined
    const newest = await this.#newestRecord(this.#init.recordTimeoutMs, preloaded)
    const version = await this.#advance(newest, before)
    this.#current = version
    if (version !== undefined && clientId !== '') void this.#components.clients.set(clientId, version.root)
    return version
  }

  /**
   * The version that a page uses. One that was not seen navigating (the worker
   * came later) keeps the version that is served now.
   */
  async forClient(clientId: string): Promise<SiteVersion | undefined> {
    const root = clientId === '' ? undefined : await this.#components.clients.get(clientId)
    if (root !== undefined) return await this.#components.loader.load(root)
    const served = await this.#lastServed()
    if (served === undefined) return undefined
    const version = await this.#components.loader.load(served.root)
    this.#current ??= version
    if (clientId !== '') void this.#components.clients.set(clientId, served.root)
    return version
  }

  /** A page says which version its document is of. It is believed when nothing else is known of the page. */
  async pin(clientId: string, root: string): Promise<void> {
    if ((await this.#components.clients.get(clientId)) !== undefined) return
    await this.#components.clients.set(clientId, parseCid(root, 'root').toString())
  }

  /** A worker, or a frame, of a page uses the page's version. */
  async inherit(from: string, to: string): Promise<SiteVersion | undefined> {
    const version = await this.forClient(from)
    if (version !== undefined && to !== '') void this.#components.clients.set(to, version.root)
    return version
  }

  /** Finds and loads the newest version in the background, on a first visit and whenever a page connects. Never rejects. */
  begin(): Promise<SiteVersion | undefined> {
    this.#beginning ??= this.#begin()
      .catch(() => undefined)
      .finally(() => {
        this.#beginning = undefined
      })
    return this.#beginning
  }

  /**
   * A record that came from a page or a relay: checked, kept when it is the newest.
   *
   * @throws {RecordError} when it must not be used
   */
  async learn(bytes: Uint8Array<ArrayBuffer>): Promise<SiteRecord> {
    const { state, clock } = this.#components
    const newest = await state.record(this.#site).catch(() => undefined)
    const record = await readSiteRecord(this.#site, bytes, { now: clock.now(), newest })
    const accepted = await state.acceptRecord(record).catch((error: unknown) => {
      if ((error as { name?: unknown }).name === 'RecordError') throw error
      return record
    })
    this.#checkedAt = clock.now()
    return accepted
  }

  async #begin(): Promise<SiteVersion | undefined> {
    const before = await this.#lastServed()
    const fresh = this.#components.clock.now() - this.#checkedAt < this.#init.freshMs
    const newest = await this.#newestRecord(fresh ? 0 : BACKGROUND_RECORD_MS)
    if (newest === undefined) return before && (await this.#components.loader.load(before.root))
    const version = await this.#components.loader.load(newest.root)
    await this.#serve(newest, version)
    this.#current = version
    return version
  }

  /** The newer version when it loads in time, else the one before. */
  async #advance(newest: SiteRecord | undefined, before: Served): Promise<SiteVersion | undefined> {
    const { clock, loader } = this.#components
    if (newest?.root === before.root) {
      if (newest.expires !== before.expires) await this.#remember(newest)
    } else if (newest !== undefined) {
      const load = loader.load(newest.root).then(async (version) => {
        await this.#serve(newest, version)
        return version
      })
      const version = await withinMs(clock, this.#init.loadTimeoutMs, load).catch(() => undefined)
      if (version !== undefined) return version
    }
    if ((newest?.root === before.root ? newest : before).expires <= clock.now()) return undefined
    return await loader.load(before.root)
  }

  async #serve(record: SiteRecord, version: SiteVersion): Promise<void> {
    if (version.manifest.retired) this.#components.onRetired()
    await this.#remember(record)
  }

  async #remember({ root, expires }: Served): Promise<void> {
    this.#served = Promise.resolve({ root, expires })
    this.#known = true
    await this.#components.state
      .setSetting(`${SERVED}:${this.#site}`, `${root} ${String(expires)}`)
      .catch(() => undefined)
  }

  #lastServed(): Promise<Served | undefined> {
    this.#served ??= this.#readServed()
    return this.#served
  }

  async #readServed(): Promise<Served | undefined> {
    const value = await this.#components.state.setting(`${SERVED}:${this.#site}`).catch(() => undefined)
    const [root, expires] = typeof value === 'string' ? value.split(' ') : []
    const served = root !== undefined && expires !== undefined ? { root, expires: Number(expires) } : undefined
    this.#known ??= served !== undefined
    return served
  }

  /** The newest record that is known, after the relays were asked for so long; 0 to not ask. */
  async #newestRecord(timeoutMs: number, preloaded?: Promise<PreloadedRecord>): Promise<SiteRecord | undefined> {
    const { state, clock, askRelays } = this.#components
    if (timeoutMs > 0) {
      // A relay that doesn't answer, or answers with an older or wrong record, changes nothing.
      const answers = askRelays(AbortSignal.timeout(timeoutMs), preloaded).map((answer) =>
        answer.then((bytes) => this.learn(bytes)).catch(() => undefined),
      )
      await withinMs(clock, timeoutMs, Promise.all(answers))
    }
    const record = await state.record(this.#site).catch(() => undefined)
    return record !== undefined && record.expires > clock.now() ? record : undefined
  }
}
