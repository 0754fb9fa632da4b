import { BlackholeError, CONTENT_TYPES, CorruptBlockError, MAX_BLOCK_BYTES, NotFoundError } from '@blackhole/protocol'
import { verifyBlock } from '@blackhole/swarm'
import type { Clock } from '../clock.ts'
import { readBounded } from './read-bounded.ts'
import { StallTimer } from './stall-timer.ts'
import type { FetchedPiece, Piece, PieceDemand, PieceSource } from './piece-source.ts'

/** Whoever asks over HTTP needs this. */
export interface HttpComponents {
  fetch: (url: string, init: RequestInit) => Promise<Response>
}

/** How long a server took for a block. */
export interface HttpTimes {
  /** Origin of the server (`https://host`). */
  readonly origin: string
  readonly bytes: number
  /** From the request to the head of the answer, in milliseconds. */
  readonly firstByteMs: number
  /** From the request to the last byte. */
  readonly ms: number
}

/** What sources of blocks over HTTP work with. */
export interface HttpPiecesComponents extends HttpComponents {
  readonly clock: Pick<Clock, 'now'>
  /** Told of each block that came. */
  measured?: (times: HttpTimes) => void
}

/**
 * A relay that says it serves no content (503) is left alone for so long: the pieces of a
 * response that peers deliver would each ask it again, in vain.
 */
export const RELAY_REST_MS = 5_000

/** A relay that sent nothing for so long is passed over. One that is busy with a crowd may take minutes for a block. */
export const RELAY_STALL_MS = 20_000

/** The same when there is no other relay: the browser itself may let a request wait for so long until others have ended. */
export const ONLY_RELAY_STALL_MS = 60_000

/** And no block takes longer than this in all: a relay could send a byte now and then for ever. 2 MiB in it are 7 KB/s. */
export const RELAY_BLOCK_MS = 300_000

/**
 * Blocks from the relays' trustless gateways (`/ipfs/CID?format=raw`), one
 * relay after the other. One that fails or lies is passed over, and one that
 * serves no content is not asked again for some seconds.
 */
export class RelayPieces implements PieceSource {
  readonly #components: HttpPiecesComponents
  readonly #relays: readonly string[]
  /** Relays that said 503, and until when they are left alone. */
  readonly #resting = new Map<string, number>()

  constructor(components: HttpPiecesComponents, relays: readonly string[]) {
    this.#components = components
    this.#relays = relays
  }

  /** The relay that would be asked first now; undefined when all rest. */
  get next(): string | undefined {
    return this.#relays.find((relay) => this.#components.clock.now() >= (this.#resting.get(relay) ?? 0))
  }

  async fetch({ cid }: Piece, { signal }: PieceDemand): Promise<FetchedPiece> {
    let failure: unknown = new BlackholeError('unavailable', 'No relay is known', { subject: cid })
    for (const relay of this.#relays) {
      if (this.#components.clock.now() < (this.#resting.get(relay) ?? 0)) {
        failure = new BlackholeError('unavailable', `${relay} serves no content now (503)`, { subject: cid })
        continue
      }
      try {
        const bytes = await this.#ask(relay, cid, signal)
        if (await verifyBlock(cid, bytes)) return { bytes, source: 'http' }
        failure = new CorruptBlockError(cid, relay)
      } catch (error) {
        signal.throwIfAborted()
        failure = error
      }
    }
    throw failure
  }

  async #ask(relay: string, cid: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const stall = new StallTimer(this.#relays.length > 1 ? RELAY_STALL_MS : ONLY_RELAY_STALL_MS, RELAY_BLOCK_MS, relay)
    try {
      return await this.#read(relay, cid, AbortSignal.any([signal, stall.signal]), () => stall.moved())
    } finally {
      stall.end()
    }
  }

  async #read(relay: string, cid: string, signal: AbortSignal, moved: () => void): Promise<Uint8Array<ArrayBuffer>> {
    const url = `${relay}/ipfs/${cid}?format=raw`
    const { clock, measured } = this.#components
    const began = clock.now()
    const response = await this.#components.fetch(url, {
      signal,
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
      if (response.status === 503) this.#resting.set(relay, this.#components.clock.now() + RELAY_REST_MS)
      throw new BlackholeError('unavailable', `${url} answered ${String(response.status)}`, { subject: cid })
    }
    const firstByteMs = clock.now() - began
    moved()
    const bytes = await readBounded(response, MAX_BLOCK_BYTES, moved)
    measured?.({ origin: new URL(url).origin, bytes: bytes.byteLength, firstByteMs, ms: clock.now() - began })
    return bytes
  }
}
