import { LimitError } from '@blackhole/protocol'

/** Room to begin with when the length is not declared. */
const FIRST_BYTES = 64 * 1024

/**
 * Reads a whole body of at most `maxBytes`, whatever its length header says,
 * straight into one buffer of the declared length.
 *
 * @param onBytes - called with each part that comes
 * @throws {LimitError} when it is longer; the rest is cancelled
 */
export async function readBounded(
  response: Response,
  maxBytes: number,
  onBytes?: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(response.headers.get('Content-Length') ?? 0)
  if (declared > maxBytes) {
    await response.body?.cancel()
    throw new LimitError(`bytes of ${response.url}`, maxBytes, declared)
  }
  if (response.body === null) return new Uint8Array()
  let buffer = new Uint8Array(
    Number.isSafeInteger(declared) && declared > 0 ? declared : Math.min(FIRST_BYTES, maxBytes),
  )
  let length = 0
  const reader = response.body.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const { value } = read
    onBytes?.()
    if (length + value.byteLength > maxBytes) {
      await reader.cancel()
      throw new LimitError(`bytes of ${response.url}`, maxBytes, length + value.byteLength)
    }
    if (length + value.byteLength > buffer.byteLength) {
      // The header was wrong, or told of the coded length.
      const larger = new Uint8Array(Math.min(maxBytes, Math.max(2 * buffer.byteLength, length + value.byteLength)))
      larger.set(buffer.subarray(0, length))
      buffer = larger
    }
    buffer.set(value, length)
    length += value.byteLength
  }
  return length === buffer.byteLength ? buffer : buffer.slice(0, length)
}
