import { PIECE_BYTES } from '@blackhole/protocol'
import type { FetchedPiece } from '../piece-source/piece-source.ts'

/** A part of a body: bytes that are at hand, or bytes `start` up to (without) `end` of a piece that isn't yet. */
export type BodyPart =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | {
      readonly start: number
      readonly end: number
      /** Gets the piece. `ahead` is how many parts before it are not delivered yet. */
      fetch: (ahead: number, signal: AbortSignal) => Promise<FetchedPiece>
    }

/** Options of {@link pieceBody}. */
export interface PieceBodyInit {
  /** Bytes that may be fetched ahead of the reader. Default 8 MiB: bounds the memory of one response. */
  readonly windowBytes?: number
  /** A piece could not be had after so many bytes were delivered: the reader gets an error. Comes before `onEnd`. */
  readonly onBroken?: (error: unknown, delivered: number) => void
  /** The body ended: delivered to the end (undefined), cancelled, or failed. Called once. */
  readonly onEnd?: (error?: unknown) => void
}

/** Default of {@link PieceBodyInit.windowBytes}. */
export const BODY_WINDOW_BYTES = 8 * PIECE_BYTES

/**
 * How many pieces of a body are asked for before any that nobody reads ahead yet.
 *
 * @param asked - pieces that were asked for, this one included
 * @param ahead - parts before this one that are not delivered yet; in an answer of many ranges they are small, and the
 *   lines between them are parts too, so that there are more than whole pieces in the window
 */
export function beyondAhead(asked: number, ahead: number): number {
  return Math.max(asked, asked + BODY_WINDOW_BYTES / PIECE_BYTES - 1 - ahead)
}

/**
 * A body out of parts in order. Pieces are fetched ahead of the reader as far
 * as the window goes. A piece that can't be had makes the stream fail: a body
 * is never cut short as if it were complete. Cancelling it aborts what is
 * being fetched.
 */
export function pieceBody(
  parts: readonly BodyPart[],
  init: PieceBodyInit = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const windowBytes = init.windowBytes ?? BODY_WINDOW_BYTES
  const controller = new AbortController()
  const ahead: Promise<Uint8Array<ArrayBuffer>>[] = []
  let next = 0
  let aheadBytes = 0
  let delivered = 0
  let ended = false

  const end = (error?: unknown): void => {
    if (ended) return
    ended = true
    controller.abort(error)
    init.onEnd?.(error)
  }

  const fill = (): void => {
    for (let part = parts[next]; part !== undefined; part = parts[next]) {
      const length = lengthOf(part)
      if (ahead.length > 0 && aheadBytes + length > windowBytes) return
      const bytes = read(part, ahead.length, controller.signal)
      // Looked at when it is its turn; until then nobody else may complain of it.
      bytes.catch(() => undefined)
      ahead.push(bytes)
      aheadBytes += length
      next++
    }
  }

  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      // Begins before anyone reads: the head waits for the first piece.
      start: fill,
      async pull(stream) {
        try {
          fill()
          const first = ahead.shift()
          if (first === undefined) {
            stream.close()
            end()
            return
          }
          const bytes = await first
          aheadBytes -= bytes.byteLength
          stream.enqueue(bytes)
          delivered += bytes.byteLength
          fill()
          if (ahead.length === 0) {
            stream.close()
            end()
          }
        } catch (error) {
          if (!ended) init.onBroken?.(error, delivered)
          end(error)
          stream.error(error)
        }
      },
      cancel(reason) {
        end(reason ?? new DOMException('The reader has gone', 'AbortError'))
      },
    },
    { highWaterMark: 0 },
  )
}

function lengthOf(part: BodyPart): number {
  return 'bytes' in part ? part.bytes.byteLength : part.end - part.start
}

async function read(part: BodyPart, ahead: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  if ('bytes' in part) return part.bytes
  const { bytes } = await part.fetch(ahead, signal)
  if (part.end > bytes.byteLength) throw new RangeError('A piece is shorter than the manifest says')
  // Copied when it is a part only, so that the reader holds (and may transfer) no more than it got.
  return part.start === 0 && part.end === bytes.byteLength ? bytes : bytes.slice(part.start, part.end)
}
