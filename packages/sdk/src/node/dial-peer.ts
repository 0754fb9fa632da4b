import type { Connection, Libp2p } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { DIAL_TIMEOUT_MS, DeadlineError } from '@blackhole/protocol'

/** The part of libp2p that dials. */
export type Dialler = Pick<Libp2p, 'dial'>

/** Options of {@link dialPeer}. */
export interface DialPeerOptions {
  readonly signal?: AbortSignal | undefined
  /** Deadline of each attempt. Default: {@link DIAL_TIMEOUT_MS}. */
  readonly timeoutMs?: number
  /** Default 2: one retry. */
  readonly attempts?: number
}

/**
 * Dials another visitor. WebRTC is up within a second or not at all, so each
 * attempt has a short deadline, and one retry covers what is lost on the way.
 *
 * @param addresses - of one peer, its id included
 * @throws {DeadlineError} when the last attempt ran out of time
 * @throws what libp2p reports otherwise, or the signal's reason
 */
export async function dialPeer(
  dialler: Dialler,
  addresses: Multiaddr[],
  options: DialPeerOptions = {},
): Promise<Connection> {
  const { signal, timeoutMs = DIAL_TIMEOUT_MS, attempts = 2 } = options
  for (let attempt = 1; ; attempt++) {
    const deadline = AbortSignal.timeout(timeoutMs)
    try {
      return await dialler.dial(addresses, {
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      })
    } catch (cause) {
      signal?.throwIfAborted()
      if (attempt >= attempts) throw deadline.aborted ? new DeadlineError('The dial', timeoutMs, { cause }) : cause
    }
  }
}
