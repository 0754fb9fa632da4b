import type { Logger } from 'pino'
import type { AssetReport, SiteName } from '@blackhole/protocol'
import {
  MAX_REFUSED_PULLS,
  MAX_WAITING_PULLS,
  MIN_PULL_FRESH_MS,
  PROOF_CHECK_MS,
  PROOF_GONE_MS,
  PROOF_MISSES,
  PROOF_WAIT_MS,
  PULLS_AT_ONCE,
  PULLS_PER_SECOND,
  PULL_BATCH_MS,
  PULL_WANTED_MS,
  REFUSED_PULL_MS,
} from '../limits.ts'
import { RateLimiter } from '../rate-limiter.ts'
import type { AssetCache, Pulled } from './asset-cache.ts'
import { assetPathOf } from './asset-path.ts'
import { PROOF_PATH, proofContent } from './ownership.ts'
import type { Proof } from './ownership.ts'
import type { PullCounts, PullResult } from './pull-counts.ts'
import type { ZonePublisher } from './zone-publisher.ts'

/** What a {@link PullZone} works with. */
export interface PullZoneComponents {
  readonly cache: AssetCache
  readonly publisher: Pick<ZonePublisher, 'publish' | 'retire' | 'renew' | 'isOld'>
  readonly log: Logger
  checkOwnership: (signal: AbortSignal) => Promise<Proof>
  now: () => number
}

/** Whose zone it is. */
export interface PullZoneInit {
  readonly origin: string
  readonly site: SiteName
}

/** What operators see of a zone. */
export interface PullZoneStatus extends PullZoneInit, PullCounts {
  /** `unproven`: nothing is served before the origin names the zone. `ended`: it did, and does no more. */
  readonly state: 'unproven' | 'serving' | 'ended'
  readonly assets: number
  /** Bytes of the assets. */
  readonly bytes: number
  /** What to do; empty when nothing is. */
  readonly advice: string
}

/** An origin that was in trouble is asked about an asset again after this time. */
const RETRY_MS = 5_000

/**
 * One origin that the relay pulls from: learns from reports what is asked for,
 * fetches it, asks again before it expires, and publishes what holds. All that
 * happens in {@link tick}.
 */
export class PullZone {
  readonly init: PullZoneInit
  readonly #components: PullZoneComponents
  readonly #abort = new AbortController()
  readonly #limiter: RateLimiter
  readonly #waiting = new Set<string>()
  readonly #running = new Map<string, Promise<void>>()
  /** Paths that are not asked for before a time. */
  readonly #resting = new Map<string, number>()
  /** When each asset was last asked for by visitors. */
  readonly #wantedAt = new Map<string, number>()
  /** Assets that are held and not fresh. */
  readonly #expired = new Set<string>()
  readonly #requests: Record<PullResult, number> = { hit: 0, miss: 0, revalidated: 0, refused: 0, unavailable: 0 }
  /** How often what is waited for was asked for meanwhile: visitors had it from the origin. */
  readonly #asks = new Map<string, number>()
  #savedBytes = 0
  #state: PullZoneStatus['state'] = 'unproven'
  #found = ''
  #misses = 0
  #proofDueAt = -Infinity
  #background: Promise<void> | undefined
  #dirty = true
  #publishedAt = -Infinity

  constructor(components: PullZoneComponents, init: PullZoneInit) {
    this.init = init
    this.#components = components
    this.#limiter = new RateLimiter(components, {
      perSecond: PULLS_PER_SECOND,
      burst: 5 * PULLS_PER_SECOND,
      maxKeys: 1,
    })
    const now = components.now()
    for (const path of components.cache.assets.keys()) this.#wantedAt.set(path, now)
  }

  /** What operators see. */
  get status(): PullZoneStatus {
    const { cache } = this.#components
    const assets = [...cache.assets.values()]
    const { origin, site } = this.init
    const found = this.#found === '' ? '' : ` (found: ${this.#found})`
    return {
      ...this.init,
      state: this.#state,
      assets: assets.length,
      bytes: assets.reduce((sum, { size }) => sum + size, 0),
      requests: { ...this.#requests },
      originBytes: cache.originBytes,
      savedBytes: this.#savedBytes,
      advice:
        this.#state === 'serving'
          ? ''
          : `Put ${proofContent(site)} at ${origin}${PROOF_PATH}${found}. Nothing is served for it before`,
    }
  }

  /** Takes note of what visitors asked for. What can't be an asset is passed over. */
  report({ paths, changed }: AssetReport): void {
    if (this.#state !== 'serving') return
    const now = this.#components.now()
    const differs = new Set(changed)
    for (const pathname of paths) {
      const path = this.#pathOf(pathname)
      if (path === undefined) continue
      const asset = this.#components.cache.assets.get(path)
      if (asset !== undefined) {
        this.#wantedAt.set(path, now)
        // One that has to be asked about again is in no version: visitors had it from the origin.
        if (this.#components.cache.isFresh(path)) {
          this.#requests.hit += 1
          this.#savedBytes += asset.size
        }
      } else if (this.#isResting(path)) this.#requests.refused += 1
      // A visitor that says so is no reason to ask more often than a short-lived asset is asked about.
      const isHeld = asset !== undefined && this.#components.cache.isFresh(path)
      const settled = asset !== undefined && !(differs.has(pathname) && now - asset.checkedAt >= MIN_PULL_FRESH_MS)
      if (!isHeld && (this.#waiting.has(path) || this.#running.has(path))) this.#countAsk(path)
      if (settled || this.#isResting(path) || this.#waiting.size >= MAX_WAITING_PULLS) continue
      if (this.#running.has(path) || this.#waiting.has(path)) continue
      this.#waiting.add(path)
      if (!isHeld) this.#countAsk(path)
    }
  }

  /** Does what is due: looks for the proof, asks the origin, publishes. Waits for none of it, and never throws. */
  tick(): void {
    if (this.#abort.signal.aborted) return
    if (this.#state === 'serving') {
      this.#expire()
      this.#startPulls()
    }
    this.#background ??= this.#inTurn()
      .catch((error: unknown) => {
        if (!this.#abort.signal.aborted) this.#components.log.warn({ err: error, ...this.init }, 'a pull zone failed')
      })
      .finally(() => {
        this.#background = undefined
      })
  }

  /** Ends what is under way. */
  async stop(): Promise<void> {
    this.#abort.abort()
    await Promise.allSettled([...this.#running.values(), this.#background])
  }

  async #inTurn(): Promise<void> {
    const { now, publisher, cache } = this.#components
    const { signal } = this.#abort
    if (now() >= this.#proofDueAt) await this.#checkProof()
    if (this.#state !== 'serving') return
    const since = now() - this.#publishedAt
    const idle = this.#waiting.size === 0 && this.#running.size === 0
    if (this.#dirty && since >= (idle ? PULL_BATCH_MS : 2 * PULL_BATCH_MS)) {
      this.#dirty = false
      this.#publishedAt = now()
      const fresh = new Map([...cache.assets].filter(([path]) => cache.isFresh(path)))
      await publisher.publish(fresh, signal).catch((error: unknown) => {
        this.#dirty = true
        throw error
      })
    } else if (publisher.isOld && since >= PULL_BATCH_MS) {
      this.#publishedAt = now()
      await publisher.renew(signal)
    }
  }

  async #checkProof(): Promise<void> {
    const { checkOwnership, now, log, publisher, cache } = this.#components
    const { verdict, found } = await checkOwnership(this.#abort.signal)
    this.#abort.signal.throwIfAborted()
    const serving = this.#state === 'serving'
    this.#misses = verdict === 'missing' ? this.#misses + 1 : 0
    const waitMs = verdict === 'missing' ? PROOF_GONE_MS : PROOF_CHECK_MS
    this.#proofDueAt = now() + (serving ? waitMs : PROOF_WAIT_MS)
    const changed = this.#found !== found
    this.#found = found
    if (verdict === 'shown') {
      this.#proofDueAt = now() + PROOF_CHECK_MS
      if (serving) return
      this.#state = 'serving'
      this.#dirty = true
      log.info(this.init, 'the origin names the pull zone: its assets are pulled from now on')
    } else if (serving && this.#misses >= PROOF_MISSES) {
      this.#state = 'ended'
      this.#waiting.clear()
      this.#asks.clear()
      await Promise.allSettled(this.#running.values())
      for (const path of [...cache.assets.keys()]) cache.drop(path)
      await publisher.retire(this.#abort.signal)
      log.warn({ ...this.init, found }, 'the origin names the pull zone no more: it has ended')
    } else if (!serving && changed) {
      log.warn({ ...this.init, found, advice: this.status.advice }, 'the pull zone waits for its proof')
    }
  }

  /**
   * What is about to expire is asked about again when visitors still want it,
   * and goes otherwise. What has expired is in no version until it was renewed.
   */
  #expire(): void {
    const { cache, now } = this.#components
    for (const [path, asset] of cache.assets) {
      if (cache.dueAt(asset) > now()) continue
      if (!cache.isFresh(path) && !this.#expired.has(path)) {
        this.#expired.add(path)
        this.#dirty = true
      }
      if (this.#running.has(path)) continue
      if (now() - (this.#wantedAt.get(path) ?? -Infinity) < PULL_WANTED_MS) {
        if (!this.#isResting(path)) this.#waiting.add(path)
        continue
      }
      this.#wantedAt.delete(path)
      this.#waiting.delete(path)
      this.#asks.delete(path)
      this.#expired.delete(path)
      cache.drop(path)
      this.#dirty = true
    }
  }

  #startPulls(): void {
    for (const path of this.#waiting) {
      if (this.#running.size >= PULLS_AT_ONCE || !this.#limiter.take('')) return
      this.#waiting.delete(path)
      const pull = this.#pull(path).finally(() => {
        this.#running.delete(path)
        if (!this.#abort.signal.aborted && this.#state === 'serving') this.#startPulls()
      })
      this.#running.set(path, pull)
    }
  }

  async #pull(path: string): Promise<void> {
    const { cache, now, log } = this.#components
    const before = cache.assets.get(path)
    try {
      const pulled = await cache.pull(path, this.#abort.signal)
      this.#count(pulled, before !== undefined, this.#asks.get(path) ?? 0)
      if (cache.assets.get(path) !== before && pulled !== 'same') this.#dirty = true
      if (pulled !== 'unavailable' && this.#expired.delete(path)) this.#dirty = true
      if (pulled === 'new' || pulled === 'same') {
        this.#wantedAt.set(path, this.#wantedAt.get(path) ?? now())
      } else {
        this.#rest(path, pulled === 'unavailable' ? RETRY_MS : REFUSED_PULL_MS)
        log.debug({ ...this.init, path, why: pulled }, 'an asset stays with its origin')
      }
    } catch {
      // The relay stops.
    } finally {
      this.#asks.delete(path)
    }
  }

  #countAsk(path: string): void {
    this.#asks.set(path, (this.#asks.get(path) ?? 0) + 1)
  }

  /**
   * Each visitor who asked is one, but a look at the origin for what is held is one however many asked.
   *
   * @param asks - by visitors since it was not held, or not fresh
   */
  #count(pulled: Pulled, wasHeld: boolean, asks: number): void {
    const isShared = pulled === 'new' || pulled === 'same'
    if (isShared) this.#requests.miss += wasHeld ? asks : Math.max(1, asks)
    if (isShared && wasHeld) this.#requests.revalidated += 1
    if (!isShared) this.#requests[pulled === 'unavailable' ? 'unavailable' : 'refused'] += Math.max(1, asks)
  }

  #rest(path: string, ms: number): void {
    this.#resting.delete(path)
    this.#resting.set(path, this.#components.now() + ms)
    const [oldest] = this.#resting.keys()
    if (this.#resting.size > MAX_REFUSED_PULLS && oldest !== undefined) this.#resting.delete(oldest)
  }

  #isResting(path: string): boolean {
    return (this.#resting.get(path) ?? -Infinity) > this.#components.now()
  }

  /** The path that a name stands for; undefined for what can't be an asset, which counts as refused. */
  #pathOf(pathname: string): string | undefined {
    try {
      return assetPathOf(pathname)
    } catch (error) {
      this.#requests.refused += 1
      const why = error instanceof Error ? error.message : String(error)
      this.#components.log.debug({ ...this.init, path: pathname, why }, 'not an asset of a pull zone')
      return undefined
    }
  }
}
