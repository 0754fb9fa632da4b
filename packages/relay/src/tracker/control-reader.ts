import { LimitError, MAX_CONTROL_MESSAGE_BYTES, decodeControlLength } from '@blackhole/protocol'

const NOTHING = new Uint8Array(0)

/**
 * Cuts what comes on a stream into control messages, each with its length before it.
 *
 * libp2p's own reader takes a promise, a listener and a list of buffers for each message; where messages come by the
 * thousand that is most of their cost.
 */
export class ControlReader {
  #left: Uint8Array = NOTHING

  /** A message has begun and is not yet whole. */
  get isWithin(): boolean {
    return this.#left.byteLength > 0
  }

  /**
   * Takes bytes and gives the messages that are whole by now.
   *
   * @throws {LimitError} when a message is longer than {@link MAX_CONTROL_MESSAGE_BYTES}
   */
  read(bytes: Uint8Array): Uint8Array[] {
    const all = this.#left.byteLength === 0 ? bytes : Buffer.concat([this.#left, bytes])
    const messages: Uint8Array[] = []
    let at = 0
    while (at < all.byteLength) {
      const rest = all.subarray(at)
      const header = lengthBytes(rest)
      // Throws for a length that goes on for too long.
      if (header === undefined) {
        if (rest.byteLength >= MOST_LENGTH_BYTES) decodeControlLength({ subarray: () => rest })
        break
      }
      const length = decodeControlLength({ subarray: () => rest })
      if (length > MAX_CONTROL_MESSAGE_BYTES)
        throw new LimitError('bytes of a control message', MAX_CONTROL_MESSAGE_BYTES, length)
      if (rest.byteLength < header + length) break
      messages.push(rest.subarray(header, header + length))
      at += header + length
    }
    // A copy: what is left would keep all of a large buffer in memory.
    this.#left = at === all.byteLength ? NOTHING : new Uint8Array(all.subarray(at))
    return messages
  }
}

/** Lengths of up to 64 KiB have at most three bytes of seven bits. */
const MOST_LENGTH_BYTES = 3

function lengthBytes(bytes: Uint8Array): number | undefined {
  for (let at = 0; at < MOST_LENGTH_BYTES; at += 1) {
    const byte = bytes[at]
    if (byte === undefined) return undefined
    if (byte < 0x80) return at + 1
  }
  return undefined
}
