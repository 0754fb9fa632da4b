import type { Metrics } from '../metrics.ts'

/** Counts chunks of content as they are taken. */
export async function* counted(chunks: AsyncIterable<Uint8Array>, metrics: Metrics): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    metrics.sent('http', chunk.byteLength)
    yield chunk
  }
}

/**
 * Takes the first chunk before the answer begins, so that content that isn't
 * here is a clear error, not a broken body.
 */
export async function primed(chunks: AsyncGenerator<Uint8Array>): Promise<AsyncGenerator<Uint8Array>> {
  const first = await chunks.next()
  return (async function* () {
    try {
      if (first.done === true) return
      yield first.value
      yield* chunks
    } finally {
      await chunks.return(undefined)
    }
  })()
}
