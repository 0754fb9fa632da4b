import { ValidationError } from '@blackhole/protocol'
import type { ComponentLogger } from '@libp2p/interface'
import type { PieceStore } from './piece-store.ts'

/** What a swarm needs from outside. */
export interface SwarmComponents {
  readonly store: PieceStore
  /** Milliseconds since 1970. */
  now(): number
  /** From 0 up to, not including, 1. */
  random(): number
  readonly logger?: ComponentLogger
  /** Throws when the token does not let the peer (its id) into this site's swarm. */
  verifyToken(token: string, peer: string): Promise<void>
  /** Our own token for this site's swarm. */
  token(): Promise<string>
  /** Calls back later; what it returns cancels that. Default: `setTimeout`. */
  setTimer?(callback: () => void, ms: number): () => void
}

/** What may be set of a swarm. */
export interface SwarmInit {
  /** Name of the site. */
  readonly site: string
  /** Our own peer id. With it, both sides keep the same one of two streams that they opened at once. */
  readonly self?: string
  /** We are a relay: to be asked when no visitor has a piece. Default: false. */
  readonly lastResort?: boolean
  /** Hard cap on what is uploaded, in bytes per second. Default: 1 MiB/s, since a visitor is a guest; `Infinity` for none. */
  readonly maxUploadBytesPerSecond?: number
  /** Peers served at once when more ask; the optimistic one is among them. Default: 4, as BitTorrent has it. */
  readonly uploadSlots?: number
  /** Bytes that a choked peer may have all the same in ten minutes, so that a page's first pieces don't wait (BEP 6 "allowed fast"). Default: 2 MiB. */
  readonly chokedAllowanceBytes?: number
  /** Most peers at once: each costs memory and time. Default: 64. */
  readonly maxPeers?: number
  /** Both hellos must be there by then. Default: 5 s. */
  readonly helloTimeoutMs?: number
  /** A fetch that got no byte for so long fails. Default: 30 s. */
  readonly fetchTimeoutMs?: number
  /** A peer that owes bytes and sends none for so long is disconnected. Default: 30 s. */
  readonly deadPeerTimeoutMs?: number
  /** Requests open at one peer at once; at most 256, what peers allow. Default: 64. */
  readonly maxRequestsPerPeer?: number
  /** Background pieces under way at once: bounds memory. Default: 16, 16 MiB. */
  readonly maxBackgroundPieces?: number
}

/** Options with nothing left out. */
export type SwarmOptions = Required<Omit<SwarmInit, 'self'>> & { readonly self: string | undefined }

/** What is used when nothing is set. */
export const SWARM_DEFAULTS: Omit<SwarmOptions, 'site'> = Object.freeze({
  self: undefined,
  lastResort: false,
  maxUploadBytesPerSecond: 1024 * 1024,
  uploadSlots: 4,
  chokedAllowanceBytes: 2 * 1024 * 1024,
  maxPeers: 64,
  helloTimeoutMs: 5_000,
  fetchTimeoutMs: 30_000,
  deadPeerTimeoutMs: 30_000,
  maxRequestsPerPeer: 64,
  maxBackgroundPieces: 16,
})

/** @throws {ValidationError} naming the option that is out of bounds */
export function completeOptions(init: SwarmInit): SwarmOptions {
  const options: SwarmOptions = { ...SWARM_DEFAULTS, ...init }
  const bounds: readonly (readonly [keyof SwarmOptions, number, number])[] = [
    ['maxUploadBytesPerSecond', 1, Infinity],
    ['uploadSlots', 1, 1000],
    ['chokedAllowanceBytes', 0, Infinity],
    ['maxPeers', 1, 10_000],
    ['helloTimeoutMs', 1, 600_000],
    ['fetchTimeoutMs', 1, 3_600_000],
    ['deadPeerTimeoutMs', 1, 3_600_000],
    ['maxRequestsPerPeer', 1, 256],
    ['maxBackgroundPieces', 1, 1000],
  ]
  for (const [field, low, high] of bounds) {
    const value = options[field]
    if (typeof value !== 'number' || !(value >= low && value <= high)) {
      throw new ValidationError(field, `a number from ${String(low)} to ${String(high)}`, value)
    }
  }
  if (options.site === '') throw new ValidationError('site', 'the name of a site', '')
  return options
}

/** Calls back later, by the components' timer where they have one; the result cancels that. */
export function setTimer(
  { setTimer }: Pick<SwarmComponents, 'setTimer'>,
  callback: () => void,
  ms: number,
): () => void {
  if (setTimer !== undefined) return setTimer(callback, ms)
  const timer = setTimeout(callback, ms)
  return () => clearTimeout(timer)
}
