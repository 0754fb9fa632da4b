import { seededRandom } from '@blackhole/testkit/rng'
import { pieceSizes } from './site-model.ts'
import type { CacheRequest } from './policies/policy.ts'
import type { SiteModel } from './site-model.ts'

/** Terms of a trace. */
export interface TraceInit {
  readonly seed: number
  readonly visits: number
  /** Sites that are visited again and again. */
  readonly sites: number
  /** Exponent of the popularity of sites and of pages (Breslau et al., INFOCOM 1999, found 0.64 to 0.83 for the web). */
  readonly zipf: number
  /** Visits that lead to a site that nobody ever visits again. */
  readonly oneHitShare: number
  /** Days that the visits are spread over. */
  readonly days: number
  /** Days between versions of a site, on average. */
  readonly versionDays: number
  /** Part of a site's files that a new version changes. */
  readonly changedShare: number
}

/** What is used when nothing is set. */
export const TRACE_DEFAULTS: TraceInit = Object.freeze({
  seed: 1,
  visits: 6000,
  sites: 150,
  zipf: 0.8,
  oneHitShare: 0.2,
  days: 30,
  versionDays: 5,
  changedShare: 0.1,
})

/** Pages of a visit go on with this chance: three pages on average. */
const NEXT_PAGE = 2 / 3

interface Site {
  readonly model: SiteModel
  /** Keys of each file's pieces, none before it was asked for in its present version. */
  readonly keys: (number[] | undefined)[]
  nextVersion: number
}

/** Requests for pieces as visits to sites make them; the same seed gives the same ones. */
export class Trace {
  readonly requests: CacheRequest[] = []
  readonly #init: TraceInit
  readonly #random: () => number
  readonly #models: readonly SiteModel[]
  readonly #sizes: number[] = []

  constructor(models: readonly SiteModel[], init: Partial<TraceInit> = {}) {
    this.#init = { ...TRACE_DEFAULTS, ...init }
    this.#random = seededRandom(this.#init.seed)
    this.#models = models
    this.#generate()
  }

  /** Bytes of all different pieces: what a cache would need that keeps everything. */
  get footprint(): number {
    return this.#sizes.reduce((sum, size) => sum + size, 0)
  }

  /** Different pieces. */
  get pieces(): number {
    return this.#sizes.length
  }

  /** Part of the pieces that are asked for once only. */
  get oneHitWonders(): number {
    const uses = new Uint32Array(this.#sizes.length)
    for (const { key } of this.requests) uses[key] = (uses[key] ?? 0) + 1
    return uses.filter((count) => count === 1).length / Math.max(1, uses.length)
  }

  #generate(): void {
    const { visits, sites: count, zipf, oneHitShare, days } = this.#init
    const span = days * 86_400_000
    const sites = Array.from({ length: count }, (_, at) => this.#site(at, 0))
    const chooseSite = zipfDraw(count, zipf, this.#random)
    const choosePage = this.#models.map(({ pages }) => zipfDraw(pages.length, zipf, this.#random))
    let now = 0
    for (let visit = 0; visit < visits; visit += 1) {
      now += (-Math.log(1 - this.#random()) * span) / visits
      const isStranger = this.#random() < oneHitShare
      const site = isStranger ? this.#site(visit, now) : sites[chooseSite()]
      if (site === undefined) continue
      this.#update(site, now)
      const page = choosePage[this.#models.indexOf(site.model)]
      do this.#open(site, page?.() ?? 0, now)
      while (this.#random() < NEXT_PAGE)
    }
  }

  #site(at: number, now: number): Site {
    const model = this.#models[at % this.#models.length]
    if (model === undefined) throw new RangeError('A trace needs at least one site')
    return { model, keys: [], nextVersion: now + this.#pause() }
  }

  #pause(): number {
    return -Math.log(1 - this.#random()) * this.#init.versionDays * 86_400_000
  }

  /** Publishes what was due: changed files are other pieces from now on. */
  #update(site: Site, now: number): void {
    for (; site.nextVersion <= now; site.nextVersion += this.#pause()) {
      for (let file = 0; file < site.model.sizes.length; file += 1)
        if (this.#random() < this.#init.changedShare) site.keys[file] = undefined
    }
  }

  #open(site: Site, page: number, at: number): void {
    for (const file of site.model.pages[page] ?? []) {
      const keys = (site.keys[file] ??= pieceSizes(site.model.sizes[file] ?? 0).map(
        (size) => this.#sizes.push(size) - 1,
      ))
      for (const key of keys) this.requests.push({ key, size: this.#sizes[key] ?? 1, at })
    }
  }
}

/** Draws numbers from 0 up, the k-th with a weight of 1 / (k + 1) ^ exponent. */
export function zipfDraw(count: number, exponent: number, random: () => number): () => number {
  let total = 0
  const sums = Array.from({ length: count }, (_, at) => (total += 1 / (at + 1) ** exponent))
  return () => {
    const at = random() * total
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] ?? total) > at) high = middle
      else low = middle + 1
    }
    return low
  }
}
