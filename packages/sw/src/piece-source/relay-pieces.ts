import { BlackholeError, CONTENT_TYPES, CorruptBlockError, MAX_BLOCK_BYTES, NotFoundError } from '@blackhole/protocol'
import { verifyBlock } from '@blackhole/swarm'
import { readBounded } from './read-bounded.ts'
import type { FetchedPiece, Piece, PieceDemand, PieceSource } from './piece-source.ts'

/** What {@link RelayPieces} works with. */
export interface HttpComponents {
  fetch: (url: string, init: RequestInit) => Promise<Response>
}

/** A relay that has not sent a whole block by then is passed over. */
const RELAY_TIMEOUT_MS = 20_000

/**
 * Blocks from the relays' trustless gateways (`/ipfs/CID?format=raw`), one
 * relay after the other. One that fails or lies is passed over.
 */
export class RelayPieces implements PieceSource {
  readonly #components: HttpComponents
  readonly #relays: readonly string[]

  constructor(components: HttpComponents, relays: readonly string[]) {
    this.#components = components
    this.#relays = relays
  }

  async fetch({ cid }: Piece, { signal }: PieceDemand): Promise<FetchedPiece> {
    let failure: unknown = new BlackholeError('unavailable', 'No relay is known', { subject: cid })
    for (const relay of this.#relays) {
      try {
        const bytes = await this.#ask(`${relay}/ipfs/${cid}?format=raw`, cid, signal)
        if (await verifyBlock(cid, bytes)) return { bytes, source: 'http' }
        failure = new CorruptBlockError(cid, relay)
      } catch (error) {
        signal.throwIfAborted()
        failure = error
      }
    }
    throw failure
  }

  async #ask(url: string, cid: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.#components.fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(RELAY_TIMEOUT_MS)]),
      headers: { Accept: CONTENT_TYPES.raw },
      // The block goes to the piece store: a second copy in the HTTP cache is of no use.
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    })
    if (response.status === 404 || response.status === 410) {
      await response.body?.cancel()
      throw new NotFoundError(cid)
    }
    if (!response.ok) {
      await response.body?.cancel()
      throw new BlackholeError('unavailable', `${url} answered ${String(response.status)}`, { subject: cid })
    }
    return await readBounded(response, MAX_BLOCK_BYTES)
  }
}
