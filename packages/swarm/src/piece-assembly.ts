import { REQUEST_BYTES } from '@blackhole/protocol'

/** Bytes of a block, end exclusive. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Which peer sent which bytes. */
export interface Segment extends ByteRange {
  readonly peer: string
}

/** A part of a block as it is requested: `REQUEST_BYTES`, the last less. */
interface Part {
  readonly start: number
  readonly end: number
  /** Bytes up to here have come. */
  filled: number
  /** Peers that are asked for it. */
  readonly askers: string[]
  /** Since when any is, in milliseconds. */
  askedAt: number
}

/**
 * One block on its way: parts may come from several peers, twice too (endgame); what
 * came first stays. It knows who sent which byte, for blame.
 */
export class PieceAssembly {
  #bytes: Uint8Array<ArrayBuffer> | undefined
  #parts: Part[] = [{ start: 0, end: REQUEST_BYTES, filled: 0, askers: [], askedAt: 0 }]
  #segments: Segment[] = []
  #missing = 0

  /** @param size - bytes of the block, when known before the first answer */
  constructor(size?: number) {
    if (size !== undefined) this.setSize(size)
  }

  /** Bytes of the block; undefined until the first answer told. */
  get size(): number | undefined {
    return this.#bytes?.byteLength
  }

  /** The size is known, so that all parts can be asked for. */
  setSize(size: number): void {
    if (this.#bytes !== undefined) return
    this.#bytes = new Uint8Array(size)
    const { askers = [], askedAt = 0 } = this.#parts[0] ?? {}
    this.#parts = [{ start: 0, end: Math.min(size, REQUEST_BYTES), filled: 0, askers, askedAt }]
    for (let start = REQUEST_BYTES; start < size; start += REQUEST_BYTES) {
      this.#parts.push({ start, end: Math.min(size, start + REQUEST_BYTES), filled: start, askers: [], askedAt: 0 })
    }
  }

  /** Bytes that came. */
  get received(): number {
    return this.#parts.reduce((sum, { start, filled }) => sum + filled - start, 0)
  }

  get isComplete(): boolean {
    return this.#bytes !== undefined && this.#parts.every(({ filled, end }) => filled === end)
  }

  /** The next range that nobody is asked for. */
  nextMissing(): ByteRange | undefined {
    for (; this.#missing < this.#parts.length; this.#missing += 1) {
      const part = this.#parts[this.#missing]
      if (part?.askers.length === 0 && (part.filled < part.end || this.#bytes === undefined))
        return { start: part.filled, end: part.end }
    }
    return undefined
  }

  /** Ranges under way, the last first, with the peers that are asked for them, and since when: what may be asked for once more. */
  *pending(): Generator<ByteRange & { readonly askers: readonly string[]; readonly askedAt: number }> {
    if (this.#bytes === undefined) return
    for (const { filled, end, askers, askedAt } of this.#parts.toReversed()) {
      if (filled < end && askers.length > 0) yield { start: filled, end, askers, askedAt }
    }
  }

  /**
   * A range is asked of a peer.
   *
   * @param now - milliseconds
   */
  requested(range: ByteRange, peer: string, now: number): void {
    const part = this.#part(range.start)
    if (part === undefined) return
    if (part.askers.length === 0) part.askedAt = now
    part.askers.push(peer)
  }

  /** A request for a range is over, answered or not. */
  released(range: Pick<ByteRange, 'start'>, peer: string): void {
    const index = Math.floor(range.start / REQUEST_BYTES)
    const part = this.#parts[index]
    if (part === undefined) return
    const asker = part.askers.indexOf(peer)
    if (asker >= 0) part.askers.splice(asker, 1)
    if (part.askers.length === 0 && (part.filled < part.end || this.#bytes === undefined))
      this.#missing = Math.min(this.#missing, index)
  }

  /** Peers that are still asked for a range. */
  askers(range: Pick<ByteRange, 'start'>): readonly string[] {
    return this.#part(range.start)?.askers ?? []
  }

  /** Whether all bytes of a range are there. */
  has(range: ByteRange): boolean {
    return (this.#part(range.start)?.filled ?? 0) >= Math.min(range.end, this.size ?? Infinity)
  }

  /** Stores bytes. What was there before stays, so that a late copy changes neither bytes nor blame. */
  write(offset: number, data: Uint8Array, peer: string): void {
    const part = this.#part(offset)
    if (part === undefined || this.#bytes === undefined) return
    const end = Math.min(part.end, offset + data.byteLength)
    if (offset > part.filled || end <= part.filled) return
    const start = part.filled
    this.#bytes.set(
      start === offset && end === offset + data.byteLength ? data : data.subarray(start - offset, end - offset),
      start,
    )
    part.filled = end
    const last = this.#segments.at(-1)
    if (last?.peer === peer && last.end === start)
      this.#segments[this.#segments.length - 1] = { peer, start: last.start, end }
    else this.#segments.push({ peer, start, end })
  }

  /** The block. Only whole when {@link isComplete}. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes ?? new Uint8Array(0)
  }

  /** Who sent what. */
  get segments(): readonly Segment[] {
    return this.#segments
  }

  /** Peers whose bytes are in the block. */
  get contributors(): string[] {
    return [...new Set(this.#segments.map(({ peer }) => peer))]
  }

  #part(offset: number): Part | undefined {
    return this.#parts[Math.floor(offset / REQUEST_BYTES)]
  }
}
