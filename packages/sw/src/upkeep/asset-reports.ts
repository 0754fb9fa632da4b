import { MAX_REPORTED_PATHS, MAX_REPORTED_PATH_LENGTH, relayPaths } from '@blackhole/protocol'
import type { AssetReport, SiteName } from '@blackhole/protocol'
import { findFile } from '@blackhole/site'
import type { Clock } from '../clock.ts'
import type { SiteRequest } from '../handlers/handler.ts'
import { isHtml } from '../response/document.ts'
import type { SiteVersion } from '../version/site-version.ts'

/** What {@link AssetReports} work with. */
export interface AssetReportsComponents {
  readonly clock: Clock
  fetch: (url: string, init: RequestInit) => Promise<Response>
}

/** Whose reports they are, and who gets them. */
export interface AssetReportsInit {
  readonly site: SiteName
  readonly relays: readonly string[]
  /** The page's origin. */
  readonly origin: string
}

/** What a page asks for within this time is told at once. */
const GATHER_MS = 3_000

/** The same path is told again after this time: the relay goes on with what is still asked for. */
const TELL_AGAIN_MS = 10 * 60_000

/** Paths that are remembered as told. */
const MAX_TOLD = 5_000

/** A relay that takes longer has heard nothing. */
const REPORT_TIMEOUT_MS = 10_000

/**
 * Tells the relay of a pull zone what pages ask for, so that it can fetch it
 * for all: paths without a query, of files that the origin lets be stored.
 * Whether it does is seen in the browser's own HTTP cache, at no cost.
 */
export class AssetReports {
  readonly #components: AssetReportsComponents
  readonly #init: AssetReportsInit
  readonly #told = new Map<string, number>()
  readonly #pending = new Map<string, 'asked' | 'changed'>()
  #gathering: Promise<void> | undefined

  constructor(components: AssetReportsComponents, init: AssetReportsInit) {
    this.#components = components
    this.#init = init
  }

  /** A page asks for something, whoever answers. */
  asked({ request, url, navigates, waitUntil }: SiteRequest, version: SiteVersion | undefined): void {
    if (version?.manifest.pulled !== true || request.method !== 'GET' || navigates) return
    if (request.headers.has('Authorization') || request.headers.has('Range')) return
    const gathering = this.#add(url, 'asked', version)
    if (gathering !== undefined) waitUntil(gathering)
  }

  /** A page had loaded these before there was a worker. Resolves once the relay knows. */
  async loaded(urls: readonly string[], version: SiteVersion): Promise<void> {
    if (version.manifest.pulled !== true) return
    for (const each of urls) {
      const url = URL.parse(each)
      if (url !== null) void this.#add(url, 'asked', version)
    }
    await this.#gathering
  }

  /** The origin has something else than the version says. Resolves once the relay knows. */
  async changed(url: URL, version: SiteVersion): Promise<void> {
    if (version.manifest.pulled === true) await this.#add(url, 'changed', version)
  }

  #add(url: URL, what: 'asked' | 'changed', version: SiteVersion): Promise<void> | undefined {
    const { pathname, search, origin } = url
    if (origin !== this.#init.origin || search !== '' || pathname.length > MAX_REPORTED_PATH_LENGTH) return undefined
    if (pathname.endsWith('/') || this.#pending.size >= MAX_REPORTED_PATHS) return undefined
    const now = this.#components.clock.now()
    const since = now - (this.#told.get(pathname) ?? -Infinity)
    if (what === 'asked' && since < TELL_AGAIN_MS && since >= 0) return undefined
    this.#told.delete(pathname)
    this.#told.set(pathname, now)
    const [oldest] = this.#told.keys()
    if (this.#told.size > MAX_TOLD && oldest !== undefined) this.#told.delete(oldest)
    if (this.#pending.get(pathname) !== 'changed') this.#pending.set(pathname, what)
    this.#gathering ??= this.#tell(version)
      .catch(() => undefined)
      .finally(() => {
        this.#gathering = undefined
      })
    return this.#gathering
  }

  async #tell(version: SiteVersion): Promise<void> {
    while (this.#pending.size > 0) {
      await this.#components.clock.sleep(GATHER_MS)
      await this.#tellBatch(version)
    }
  }

  async #tellBatch(version: SiteVersion): Promise<void> {
    const pending = [...this.#pending]
    this.#pending.clear()
    const paths: string[] = []
    for (const [pathname] of pending) {
      if (findFile(version.manifest, pathname) !== undefined || (await this.#isStorable(pathname))) paths.push(pathname)
    }
    const changed = pending.filter(([, what]) => what === 'changed').map(([pathname]) => pathname)
    if (paths.length > 0 && !(await this.#send({ paths, changed })))
      for (const [pathname] of pending) this.#told.delete(pathname)
  }

  /** Whether the browser has stored the origin's answer, and it is for everybody. */
  async #isStorable(pathname: string): Promise<boolean> {
    try {
      const url = new URL(pathname, this.#init.origin).href
      const response = await this.#components.fetch(url, { cache: 'only-if-cached', mode: 'same-origin' })
      response.body?.cancel().catch(() => undefined)
      const control = response.headers.get('Cache-Control') ?? ''
      return (
        response.status === 200 &&
        !response.redirected &&
        !isHtml({ type: response.headers.get('Content-Type') ?? '' }) &&
        !/\b(private|no-store|no-cache)\b/i.test(control)
      )
    } catch {
      return false
    }
  }

  /** The first relay that knows the zone has it. */
  async #send(report: AssetReport): Promise<boolean> {
    const { site, relays } = this.#init
    for (const relay of relays) {
      const answer = await this.#components
        .fetch(`${relay}${relayPaths.assets(site)}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(report),
          credentials: 'omit',
          signal: AbortSignal.timeout(REPORT_TIMEOUT_MS),
        })
        .catch(() => undefined)
      if (answer?.ok === true) return true
    }
    return false
  }
}
