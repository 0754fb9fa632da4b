import { LimitError } from '@blackhole/protocol'

/**
 * Reads a whole body of at most `maxBytes`, whatever its length header says.
 *
 * @throws {LimitError} when it is longer; the rest is cancelled
 */
export async function readBounded(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(response.headers.get('Content-Length') ?? 0)
  if (declared > maxBytes) {
    await response.body?.cancel()
    throw new LimitError(`bytes of ${response.url}`, maxBytes, declared)
  }
  if (response.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = response.body.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.byteLength
    if (length > maxBytes) {
      await reader.cancel()
      throw new LimitError(`bytes of ${response.url}`, maxBytes, length)
    }
    chunks.push(read.value)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
