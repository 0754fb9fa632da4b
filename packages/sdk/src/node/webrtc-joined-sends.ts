import type { Stream } from '@libp2p/interface'

/** The part of an `RTCDataChannel` that is used here. */
interface Channel {
  readonly readyState: string
  send(data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): void
}

/** A length as a varint takes up to three bytes below 2 MiB; libp2p's messages are smaller than that. */
const MAX_PREFIX_BYTES = 3

/**
 * Lets a stream of `@libp2p/webrtc` 6.0.33 send each of its messages as one:
 * `WebRTCStream._sendMessage` sends the length and what it is the length of by
 * themselves, so that each costs two calls, two SCTP messages and two events at
 * the other side, 5 % of the CPU time of a transfer. Its receiver reads a
 * stream of bytes, whatever the bounds of messages. Only this stream's channel
 * is changed, nothing of the page's; a stream over anything else stays as it is.
 */
export function joinSends(stream: Stream): void {
  const channel = channelOf(stream)
  if (channel === undefined) return
  const send = channel.send.bind(channel)
  let prefix: Uint8Array<ArrayBuffer> | undefined
  const flush = (): void => {
    const waiting = prefix
    prefix = undefined
    if (waiting !== undefined && channel.readyState === 'open') send(waiting)
  }
  channel.send = (data) => {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data)
    if (prefix === undefined && bytes.byteLength <= MAX_PREFIX_BYTES) {
      prefix = bytes.slice()
      // What it belongs to follows in the same task; should it not, nothing is kept back.
      queueMicrotask(flush)
    } else if (prefix === undefined) {
      send(bytes)
    } else {
      const joined = new Uint8Array(prefix.byteLength + bytes.byteLength)
      joined.set(prefix)
      joined.set(bytes, prefix.byteLength)
      prefix = undefined
      send(joined)
    }
  }
}

function channelOf(stream: Stream): Channel | undefined {
  const { channel } = stream as { readonly channel?: unknown }
  if (typeof channel !== 'object' || channel === null) return undefined
  return 'send' in channel && typeof channel.send === 'function' && 'readyState' in channel
    ? (channel as Channel)
    : undefined
}
