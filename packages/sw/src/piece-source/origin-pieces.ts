import { BlackholeError, MAX_BLOCK_BYTES, NotFoundError } from '@blackhole/protocol'
import { verifyBlock } from '@blackhole/swarm'
import { readBounded } from './read-bounded.ts'
import { RELAY_BLOCK_MS } from './relay-pieces.ts'
import type { HttpPiecesComponents } from './relay-pieces.ts'
import { StallTimer } from './stall-timer.ts'
import type { FetchedPiece, Piece, PieceDemand, PieceSource } from './piece-source.ts'

/** The origin's file is not what was published: it was deployed anew, and it wins. */
export class OriginChangedError extends BlackholeError {
  override name = 'OriginChangedError'

  constructor(pathname: string) {
    super('changed', `The origin serves other bytes for ${pathname} than were published`, { subject: pathname })
  }
}

/**
 * Pieces from the server of the page's own origin: the file itself, or the
 * range of it that is the piece. What the HTTP cache holds is good enough when
 * it hashes right; when it does not, the origin is asked itself.
 */
export class OriginPieces implements PieceSource {
  readonly #components: HttpPiecesComponents
  readonly #origin: string

  constructor(components: HttpPiecesComponents, origin: string) {
    this.#components = components
    this.#origin = origin
  }

  async fetch(piece: Piece, { signal, stallMs }: PieceDemand): Promise<FetchedPiece> {
    // A reader waits as long as it would without a worker.
    if (stallMs === undefined) return await this.#read(piece, signal)
    const stall = new StallTimer(stallMs, RELAY_BLOCK_MS, this.#origin)
    try {
      return await this.#read(piece, AbortSignal.any([signal, stall.signal]), () => stall.moved())
    } finally {
      stall.end()
    }
  }

  async #read({ cid, of }: Piece, signal: AbortSignal, moved?: () => void): Promise<FetchedPiece> {
    if (of === undefined) throw new NotFoundError(cid)
    for (const cache of ['default', 'no-cache'] as const) {
      const whole = of.length === of.size
      const last = of.offset + of.length - 1
      const { clock, measured } = this.#components
      const began = clock.now()
      const response = await this.#components.fetch(`${this.#origin}${of.pathname}`, {
        signal,
        cache,
        credentials: 'same-origin',
        ...(whole ? {} : { headers: { Range: `bytes=${String(of.offset)}-${String(last)}` } }),
      })
      if (response.status !== (whole ? 200 : 206)) {
        await response.body?.cancel()
        // A server without ranges would send the whole file for each piece; relays and peers are asked instead.
        if (response.ok)
          throw new BlackholeError('unsupported', 'The origin does not serve ranges', { subject: of.pathname })
        if (response.status === 404 || response.status === 410) throw new OriginChangedError(of.pathname)
        throw new BlackholeError('unavailable', `The origin answered ${String(response.status)}`, {
          subject: of.pathname,
        })
      }
      moved?.()
      const firstByteMs = clock.now() - began
      const bytes = await readBounded(response, MAX_BLOCK_BYTES, moved).catch((error: unknown) => {
        if ((error as { reason?: unknown }).reason === 'limit') return undefined
        throw error
      })
      if (bytes === undefined) continue
      measured?.({ origin: this.#origin, bytes: bytes.byteLength, firstByteMs, ms: clock.now() - began })
      if (await verifyBlock(cid, bytes)) return { bytes, source: 'http' }
    }
    throw new OriginChangedError(of.pathname)
  }
}
