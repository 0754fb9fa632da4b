import { randomBytes, Stopwatch } from '../../transfer/pages/bytes.ts'
import type { Received } from '../../transfer/pages/bytes.ts'

/** Bytes that are hashed at once, as a piece of a site is. */
const PIECE_BYTES = 1024 * 1024
const MESSAGE_BYTES = 64 * 1024
const HIGH_WATER_BYTES = 1024 * 1024
const LOW_WATER_BYTES = 256 * 1024

/** What one end of a channel is to do, and with how many bytes. */
export interface Task {
  readonly kind: 'serve' | 'receive'
  readonly size: number
}

/**
 * Does one end's part of a transfer, wherever the channel lives: sends a file when it is asked to, or asks for it and
 * hashes what comes, piece by piece.
 *
 * @param hand - gets each hashed piece, and may transfer it
 */
export async function run(
  channel: RTCDataChannel,
  { kind, size }: Task,
  hand: (piece: ArrayBuffer) => void,
): Promise<Received> {
  channel.binaryType = 'arraybuffer'
  if (channel.readyState !== 'open')
    await new Promise((resolve) => {
      channel.addEventListener('open', resolve, { once: true })
    })
  return kind === 'serve' ? await serve(channel, size) : await receive(channel, size, hand)
}

async function serve(channel: RTCDataChannel, size: number): Promise<Received> {
  const bytes = randomBytes(size)
  await new Promise((resolve) => {
    channel.addEventListener('message', resolve, { once: true })
  })
  const watch = new Stopwatch()
  channel.bufferedAmountLowThreshold = LOW_WATER_BYTES
  for (let at = 0; at < size; at += MESSAGE_BYTES) {
    if (channel.bufferedAmount >= HIGH_WATER_BYTES)
      await new Promise((resolve) => {
        channel.addEventListener('bufferedamountlow', resolve, { once: true })
      })
    const part = bytes.subarray(at, at + MESSAGE_BYTES)
    channel.send(part)
    watch.arrived(part.byteLength)
  }
  return watch.read()
}

function receive(channel: RTCDataChannel, size: number, hand: (piece: ArrayBuffer) => void): Promise<Received> {
  const watch = new Stopwatch()
  let piece = new Uint8Array(PIECE_BYTES)
  let filled = 0
  let hashed = 0
  return new Promise((resolve, reject) => {
    const finish = async (whole: Uint8Array<ArrayBuffer>): Promise<void> => {
      await crypto.subtle.digest('SHA-256', whole)
      hashed += whole.byteLength
      watch.arrived(whole.byteLength)
      hand(whole.buffer)
      if (hashed === size) resolve(watch.read())
    }
    channel.addEventListener('close', () => {
      reject(new Error('The channel closed'))
    })
    channel.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
      piece.set(new Uint8Array(data), filled)
      filled += data.byteLength
      if (filled < PIECE_BYTES) return
      finish(piece).catch(reject)
      piece = new Uint8Array(PIECE_BYTES)
      filled = 0
    })
    channel.send('go')
  })
}
