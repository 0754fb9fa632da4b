import type { ManifestFile } from '@blackhole/protocol'
import { fileSlices, type ByteRange, type MultipartPlan } from '@blackhole/site'
import type { SiteBlocks } from '../peer/site-blocks.ts'

/** Pieces of a body that are fetched ahead of the reader: bounds memory to so many MiB. */
const AHEAD = 8

/** Distance of the deadlines of pieces that follow each other: what comes first in the file comes first over the line. */
const PIECE_SPACING_MS = 100

/** Streams parts of a file, piece by piece, each checked before its first byte is handed on. */
export function fileBody(
  blocks: Pick<SiteBlocks, 'get'>,
  file: ManifestFile,
  ranges: readonly ByteRange[],
  multipart: MultipartPlan | undefined,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const controller = new AbortController()
  const both = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal])
  const parts =
    multipart === undefined ? rangeParts(blocks, file, ranges, both) : multipartParts(blocks, file, multipart, both)
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(stream) {
        const { done, value } = await parts.next()
        if (done === true) stream.close()
        else stream.enqueue(value)
      },
      async cancel(reason) {
        controller.abort(reason)
        await parts.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

async function* multipartParts(
  blocks: Pick<SiteBlocks, 'get'>,
  file: ManifestFile,
  { parts, tail }: MultipartPlan,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  for (const { head, range } of parts) {
    yield head
    yield* rangeParts(blocks, file, [range], signal)
  }
  yield tail
  return undefined
}

async function* rangeParts(
  blocks: Pick<SiteBlocks, 'get'>,
  file: ManifestFile,
  ranges: readonly ByteRange[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  const slices = ranges.flatMap(({ start, end }) => fileSlices(file, start, end))
  const pending: Promise<Uint8Array<ArrayBuffer>>[] = []
  /** @param ahead - pieces before it that are not delivered yet */
  const request = (at: number, ahead: number): void => {
    const slice = slices[at]
    if (slice === undefined) return
    const piece = blocks
      .get(slice.cid, { signal, deadlineMs: ahead * PIECE_SPACING_MS })
      .then(({ bytes }) => bytes.subarray(slice.start, slice.end))
    // Awaited in its turn; a failure before that must not count as unhandled.
    piece.catch(() => undefined)
    pending[at] = piece
  }
  for (let at = 0; at < AHEAD; at++) request(at, at)
  for (let at = 0; at < slices.length; at++) {
    const piece = pending[at]
    if (piece === undefined) break
    const bytes = await piece
    pending[at] = Promise.resolve(new Uint8Array(0))
    request(at + AHEAD, AHEAD)
    yield bytes
  }
  return undefined
}
