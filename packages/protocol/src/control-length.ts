import { LimitError } from './errors.ts'
import { MAX_CONTROL_MESSAGE_BYTES } from './limits.ts'

/** Bytes of the longest length: seven bits each. */
const MAX_LENGTH_BYTES = Math.ceil(Math.log2(MAX_CONTROL_MESSAGE_BYTES + 1) / 7)

/**
 * Reads the length before a control message, an unsigned varint (https://github.com/multiformats/unsigned-varint).
 * For libp2p's stream reader, whose own one takes bytes for as long as none of them is the last of a length, and keeps
 * them: a stranger could fill the memory with them.
 *
 * @param read - what has come of the length by now
 * @throws {RangeError} when there is more to come, which the reader understands
 * @throws {LimitError} when no control message is so long
 */
export function decodeControlLength(read: { readonly subarray: () => Uint8Array }): number {
  const bytes = read.subarray()
  let length = 0
  for (const [i, byte] of bytes.subarray(0, MAX_LENGTH_BYTES).entries()) {
    length |= (byte & 0x7f) << (7 * i)
    if (byte < 0x80) return length
  }
  if (bytes.byteLength >= MAX_LENGTH_BYTES)
    throw new LimitError('bytes of the length of a control message', MAX_LENGTH_BYTES, bytes.byteLength + 1)
  throw new RangeError('The length of the message goes on')
}
