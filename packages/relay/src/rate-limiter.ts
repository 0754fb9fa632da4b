import { MAX_TRACKED_ADDRESSES } from './limits.ts'

/** What {@link RateLimiter} works with. */
export interface RateLimiterComponents {
  now: () => number
}

/** Options of {@link RateLimiter}. */
export interface RateLimiterInit {
  /** Actions per second in the long run. */
  perSecond: number
  /** Actions at once after a pause. */
  burst: number
  /** Keys remembered; the idlest is forgotten first. Default {@link MAX_TRACKED_ADDRESSES}. */
  maxKeys?: number
}

/** A token bucket per key. Memory is bounded: a key that was idle longest starts afresh when there are too many. */
export class RateLimiter {
  readonly #now: () => number
  readonly #perMs: number
  readonly #burst: number
  readonly #maxKeys: number
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  constructor(components: RateLimiterComponents, init: RateLimiterInit) {
    this.#now = () => components.now()
    this.#perMs = init.perSecond / 1000
    this.#burst = init.burst
    this.#maxKeys = init.maxKeys ?? MAX_TRACKED_ADDRESSES
  }

  /** Takes one token. False: too many, refuse. */
  take(key: string): boolean {
    const now = this.#now()
    const bucket = this.#buckets.get(key)
    const tokens =
      bucket === undefined
        ? this.#burst
        : Math.min(this.#burst, bucket.tokens + Math.max(0, now - bucket.at) * this.#perMs)
    this.#buckets.delete(key)
    const taken = tokens >= 1
    this.#buckets.set(key, { tokens: taken ? tokens - 1 : tokens, at: now })
    if (this.#buckets.size > this.#maxKeys) {
      const [idlest] = this.#buckets.keys()
      if (idlest !== undefined) this.#buckets.delete(idlest)
    }
    return taken
  }
}

/**
 * The key of an address for limits: an IPv4 address, or the /64 of an IPv6
 * address, since whoever has one address of a /64 has all of them (RFC 6177).
 */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return 'unknown'
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address
  if (!plain.includes(':')) return plain
  const [head = '', tail = ''] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const groups = plain.includes('::')
    ? [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
    : left
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
