import { MAX_BROWSER_PEERS, ValidationError } from '@blackhole/protocol'

/** Knobs of a peer. */
export interface PeerSettings {
  /** Connections to other visitors, at most 24. */
  readonly maxPeers: number
  /** Bytes a second that are given to others, all together; 0 for none. */
  readonly uploadBytesPerSecond: number
  /** Peers that are given bytes at once. */
  readonly uploadSlots: number
  /** Talk to relays alone, so that no visitor learns this one's IP address. */
  readonly relayOnly: boolean
  /** What to hold for others: what was visited, or the whole site. */
  readonly seed: 'visited' | 'all'
}

/**
 * Defaults of {@link PeerSettings}. 1 MiB/s of upload keeps a page's main
 * thread 98 % free (10 MB/s keep it 23 % busy) and leaves a home connection usable.
 */
export const DEFAULT_PEER_SETTINGS: PeerSettings = Object.freeze({
  maxPeers: 12,
  uploadBytesPerSecond: 1024 * 1024,
  uploadSlots: 4,
  relayOnly: false,
  seed: 'visited',
})

/**
 * Completes settings with the defaults and checks them.
 *
 * @throws {ValidationError} naming the setting and its bound
 */
export function peerSettings(settings: Partial<PeerSettings>): PeerSettings {
  const complete = { ...DEFAULT_PEER_SETTINGS, ...settings }
  const check = (name: keyof PeerSettings, valid: boolean, expected: string): void => {
    if (!valid) throw new ValidationError(name, expected, complete[name])
  }
  check(
    'maxPeers',
    isWhole(complete.maxPeers, 0, MAX_BROWSER_PEERS),
    `a whole number from 0 to ${String(MAX_BROWSER_PEERS)}`,
  )
  check('uploadBytesPerSecond', complete.uploadBytesPerSecond >= 0, 'a number of bytes from 0')
  check(
    'uploadSlots',
    isWhole(complete.uploadSlots, 0, MAX_BROWSER_PEERS),
    `a whole number from 0 to ${String(MAX_BROWSER_PEERS)}`,
  )
  return complete
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}
