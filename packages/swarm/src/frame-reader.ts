import { CdnMessage, ValidationError } from '@blackhole/protocol'
import { MAX_PIECE_HEADER_BYTES } from './frame-writer.ts'
import { parseFrameHead } from './piece-header.ts'
import type { PieceHeader } from './piece-header.ts'

/** Who hears what a {@link FrameReader} read. */
export interface FrameHandler {
  /** Any message but a piece. */
  onMessage(message: CdnMessage): void
  /** A piece begins; its data follows in `onPieceData`, in parts that together have `length` bytes. */
  onPiece(piece: PieceHeader): void
  /** Data of the piece that began last. The bytes are valid until this returns. */
  onPieceData(data: Uint8Array): void
}

/**
 * Cuts a stream of bytes into messages. The data of pieces is handed on as it
 * arrives, so that it is copied once, into the block that it belongs to; other messages are
 * gathered, after their length was found to be within bounds.
 */
export class FrameReader {
  readonly #handler: FrameHandler
  /** A head that the last chunk cut in two. */
  readonly #head = new Uint8Array(MAX_PIECE_HEADER_BYTES)
  #headLength = 0
  #body: Uint8Array<ArrayBuffer> | undefined
  #bodyLength = 0
  #dataLeft = 0
  #stopped = false

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#stopped = true
    this.#body = undefined
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @throws {LimitError} when a message is announced that is too large
   * @throws {ValidationError} when one is announced that is empty
   * @throws Error when a message can't be decoded
   */
  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length && !this.#stopped) {
      if (this.#dataLeft > 0) at += this.#takeData(chunk, at)
      else if (this.#body !== undefined) at += this.#takeBody(this.#body, chunk, at)
      else at += this.#takeHead(chunk, at)
    }
  }

  #takeData(chunk: Uint8Array, at: number): number {
    const take = Math.min(this.#dataLeft, chunk.length - at)
    this.#dataLeft -= take
    this.#handler.onPieceData(take === chunk.length ? chunk : chunk.subarray(at, at + take))
    return take
  }

  #takeBody(body: Uint8Array<ArrayBuffer>, chunk: Uint8Array, at: number): number {
    const take = Math.min(body.length - this.#bodyLength, chunk.length - at)
    body.set(chunk.subarray(at, at + take), this.#bodyLength)
    this.#bodyLength += take
    if (this.#bodyLength === body.length) {
      this.#body = undefined
      this.#decode(body)
    }
    return take
  }

  #takeHead(chunk: Uint8Array, at: number): number {
    const before = this.#headLength
    let bytes: Uint8Array
    if (before === 0) {
      bytes = chunk.subarray(at, at + MAX_PIECE_HEADER_BYTES)
    } else {
      const more = chunk.subarray(at, at + MAX_PIECE_HEADER_BYTES - before)
      this.#head.set(more, before)
      bytes = this.#head.subarray(0, before + more.length)
    }
    const head = parseFrameHead(bytes, bytes.length === MAX_PIECE_HEADER_BYTES)
    if (head === undefined) {
      if (before === 0) this.#head.set(bytes)
      this.#headLength = bytes.length
      return bytes.length - before
    }
    this.#headLength = 0
    if (head.kind === 'piece') {
      this.#dataLeft = head.piece.length
      this.#handler.onPiece(head.piece)
      return head.bytes - before
    }
    // Nobody sends nothing; thousands of such frames in one message would cost us time, and the sender none.
    if (head.length === 0) throw new ValidationError('frame length', 'above 0', 0)
    // The head was cut in two and holds bytes of the body: they are taken from there.
    const inHead = Math.max(0, Math.min(before - head.bytes, head.length))
    this.#body = new Uint8Array(head.length)
    this.#body.set(this.#head.subarray(head.bytes, head.bytes + inHead))
    this.#bodyLength = inHead
    return Math.max(0, head.bytes - before)
  }

  #decode(body: Uint8Array<ArrayBuffer>): void {
    const message = CdnMessage.decode(body)
    const { piece } = message
    if (piece === undefined) {
      this.#handler.onMessage(message)
      return
    }
    // A peer may order its fields as it likes: such a piece took the long way.
    this.#handler.onPiece({ id: piece.id, offset: piece.offset, size: piece.size, length: piece.data.byteLength })
    if (piece.data.byteLength > 0 && !this.#stopped) this.#handler.onPieceData(piece.data)
  }
}
