import { LimitError, PIECE_MESSAGE_BYTES, ValidationError } from '@blackhole/protocol'
import type { FrameChannel, FrameChannelHandler } from '@blackhole/swarm'
import type { Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** The part of an `RTCDataChannel` that is used here. */
export interface DataChannel extends Pick<EventTarget, 'addEventListener'> {
  readonly readyState: string
  readonly bufferedAmount: number
  bufferedAmountLowThreshold: number
  onmessage: ((event: MessageEvent<unknown>) => unknown) | null
  send(data: Uint8Array<ArrayBuffer>): void
}

/**
 * First byte of a message that holds frames. libp2p's messages begin with their length (WebRTC
 * specification of libp2p, "Multiplexing"), and none is empty.
 */
const FRAMES = 0

/** Bytes of one message: a piece message with its headers. Browsers and libdatachannel take 256 KiB. */
const MESSAGE_BYTES = PIECE_MESSAGE_BYTES + 2 * 1024

/**
 * Longest message that is taken. A peer may cut elsewhere than we do, but browsers and libdatachannel offer no
 * more than 256 KiB (`a=max-message-size`, RFC 8841); what is longer was sent to exhaust us.
 */
const MAX_MESSAGE_BYTES = 256 * 1024

/**
 * What waits in the channel can't be cancelled any more, and whatever is said next comes after it: so it is what the
 * channel carries in this time, within bounds. The upper one is more than any channel needs to be kept busy.
 */
const QUEUE_MS = 400
const MIN_HIGH_WATER_BYTES = PIECE_MESSAGE_BYTES
const MAX_HIGH_WATER_BYTES = 1024 * 1024
/** Before anything was measured. */
const FIRST_HIGH_WATER_BYTES = 256 * 1024

/** Of these bytes so much is left when more is asked for: early enough that the channel never runs dry. */
const LOW_WATER_SHARE = 1 / 4

/** Time over which the channel's rate is measured, at least. */
const SAMPLE_MS = 100

/**
 * Frames on the data channel of a stream of `@libp2p/webrtc`, past libp2p's
 * framing, which cuts at 16 KiB and costs half as much CPU time again as the
 * channel itself. libp2p keeps the stream: what it sends (the end of the
 * stream) goes on the same channel, in order.
 *
 * @returns undefined for a stream over anything but WebRTC
 */
export function frameChannelOf(stream: Stream): FrameChannel | undefined {
  const { channel } = stream as { readonly channel?: unknown }
  return isDataChannel(channel) ? new DataChannelFrames(channel, () => performance.now()) : undefined
}

class DataChannelFrames implements FrameChannel {
  readonly #channel: DataChannel
  /** A channel copies what it is told to send, so one buffer serves all messages. */
  readonly #message = new Uint8Array(MESSAGE_BYTES)
  #filled = 1
  readonly #now: () => number
  #highWater = FIRST_HIGH_WATER_BYTES
  #sent = 0
  /** When there was something to carry, and how much had been carried by then; -1 when nothing is. */
  #sampleAt = -1
  #sampleCarried = 0

  constructor(channel: DataChannel, now: () => number) {
    this.#now = now
    this.#channel = channel
    this.#message[0] = FRAMES
  }

  get bufferedBytes(): number {
    return this.#channel.bufferedAmount
  }

  get needsDrain(): boolean {
    this.#measure()
    return this.#channel.bufferedAmount >= this.#highWater
  }

  get roomBytes(): number {
    return Math.max(0, this.#highWater - this.#channel.bufferedAmount)
  }

  listen(handler: FrameChannelHandler): void {
    const channel = this.#channel
    const ofLibp2p = channel.onmessage
    channel.onmessage = (event) => {
      let bytes: Uint8Array
      try {
        bytes = bytesOf(event.data)
      } catch (error) {
        // None of libp2p's either: its own reader takes the text '2000000000' for that many bytes, too.
        handler.onFault(error as Error)
        return
      }
      if (bytes[0] === FRAMES) handler.onFrames(bytes.subarray(1))
      else ofLibp2p?.call(channel, event)
    }
    channel.addEventListener('bufferedamountlow', () => handler.onDrain())
  }

  send(frames: Uint8ArrayList): void {
    for (const part of frames) {
      for (let at = 0; at < part.byteLength;) {
        const taken = Math.min(part.byteLength - at, MESSAGE_BYTES - this.#filled)
        this.#message.set(part.subarray(at, at + taken), this.#filled)
        this.#filled += taken
        at += taken
        if (this.#filled === MESSAGE_BYTES) this.#flush()
      }
    }
    if (this.#filled > 1) this.#flush()
  }

  #flush(): void {
    const message = this.#message.subarray(0, this.#filled)
    this.#filled = 1
    this.#channel.send(message)
    this.#sent += message.byteLength
    this.#awaitLowWater()
  }

  /** Always below what is buffered: a channel says that it fell to the threshold only when it was above. */
  #awaitLowWater(): void {
    const channel = this.#channel
    channel.bufferedAmountLowThreshold = Math.min(this.#highWater * LOW_WATER_SHARE, channel.bufferedAmount / 2)
  }

  /** How fast the channel carries what it is given, as long as it always has something to carry. */
  #measure(): void {
    const { bufferedAmount } = this.#channel
    const [now, carried] = [this.#now(), this.#sent - bufferedAmount]
    const elapsed = now - this.#sampleAt
    if (this.#sampleAt >= 0 && elapsed < SAMPLE_MS) return
    if (this.#sampleAt >= 0) {
      const bytes = ((carried - this.#sampleCarried) / elapsed) * QUEUE_MS
      // What ran dry could have carried more.
      const highWater = bufferedAmount === 0 ? Math.max(bytes, this.#highWater) : bytes
      this.#highWater = Math.round(Math.min(MAX_HIGH_WATER_BYTES, Math.max(MIN_HIGH_WATER_BYTES, highWater)))
      this.#awaitLowWater()
    }
    this.#sampleAt = bufferedAmount === 0 ? -1 : now
    this.#sampleCarried = carried
  }
}

/** @throws when a message is none that a peer sends: a text, or too long */
function bytesOf(data: unknown): Uint8Array {
  if (!(data instanceof ArrayBuffer)) throw new ValidationError('message of a data channel', 'bytes', typeof data)
  if (data.byteLength > MAX_MESSAGE_BYTES)
    throw new LimitError('bytes of a data channel message', MAX_MESSAGE_BYTES, data.byteLength)
  return new Uint8Array(data)
}

function isDataChannel(channel: unknown): channel is DataChannel {
  if (typeof channel !== 'object' || channel === null) return false
  return ['send', 'onmessage', 'bufferedAmount', 'bufferedAmountLowThreshold', 'addEventListener'].every(
    (member) => member in channel,
  )
}
