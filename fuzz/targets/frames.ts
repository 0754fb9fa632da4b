import { CdnMessage, MAX_CDN_MESSAGE_BYTES, decodeControlLength } from '@blackhole/protocol'
import { Bitfield } from '@blackhole/swarm'
import fc from 'fast-check'
import type { Stream } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { frameChannelOf } from '../../packages/sdk/src/node/data-channel-frames.ts'
import type { DataChannel } from '../../packages/sdk/src/node/data-channel-frames.ts'
import { ComingPieces, MAX_COMING } from '../../packages/swarm/src/coming-pieces.ts'
import { FrameReader } from '../../packages/swarm/src/frame-reader.ts'
import { encodeFrame } from '../../packages/swarm/src/frame-writer.ts'
import { PieceTable } from '../../packages/swarm/src/piece-table.ts'
import { isDecodingError } from '../harness/our-error.ts'
import { bytes, cut, joined } from '../harness/samples.ts'
import { roundTrip } from '../harness/round-trip.ts'
import { BrokenPromise, promised } from '../harness/target.ts'
import type { Target } from '../harness/target.ts'
import { cdnMessages, comings } from './messages.ts'

const frames = fc
  .array(cdnMessages, { minLength: 1, maxLength: 4 })
  .map((messages) => joined(messages.map((message) => encodeFrame(message))))

/** What cuts bytes from a peer into messages. */
export function frameTargets(): Target[] {
  return [frameReader(), dataChannel(), bitfield(), coming(), controlLength()]
}

function frameReader(): Target {
  return {
    name: 'frame-reader',
    about: 'messages and pieces out of the bytes of a cdn stream (FrameReader)',
    inputs: frames,
    allows: isDecodingError,
    roundTrip: roundTrip(
      fc.array(cdnMessages, { maxLength: 4 }),
      (messages) => joined(messages.map((message) => encodeFrame(message))),
      (encoded) => new Log().read([encoded]).messages,
    ),
    decode: (input) => {
      const whole = new Log().read([input])
      for (const size of [1, 7, 41]) {
        const parts = new Log().read(cut(input, size))
        // How far pieces were read when an error came depends on the cuts; what was read may not.
        if (whole.error !== undefined || parts.error !== undefined) {
          promised(whole.error?.name === parts.error?.name, 'is refused or not however it is cut')
          continue
        }
        promised(whole.heard === parts.heard, `reads the same when it is cut into parts of ${String(size)} bytes`)
      }
      if (whole.error !== undefined) throw whole.error
      return [...new Set(whole.heard.split('\n').map((line) => line.split(' ')[0]))].join(' ')
    },
  }
}

/** Who listens to a reader, and what it checks about what it hears. */
class Log {
  readonly messages: CdnMessage[] = []
  error: Error | undefined
  heard = ''
  #left = 0
  readonly reader = new FrameReader({
    onMessage: (message) => {
      this.#between()
      this.messages.push(message)
      this.heard += `${Object.keys(message).join('+')} ${hash(CdnMessage.encode(message))}\n`
    },
    onPiece: (piece) => {
      this.#between()
      promised(piece.length <= MAX_CDN_MESSAGE_BYTES, 'a piece message is not longer than a message may be')
      this.messages.push({ piece: { id: piece.id, offset: piece.offset, size: piece.size, data: new Uint8Array(0) } })
      this.#left = piece.length
      this.heard += `piece ${String(piece.id)} ${String(piece.offset)} ${String(piece.size)} ${String(piece.length)}\n`
    },
    onPieceData: (data) => {
      promised(
        data.byteLength > 0 && data.byteLength <= this.#left,
        'data of a piece has the length that it began with',
      )
      this.#left -= data.byteLength
      const { piece } = this.messages.at(-1) ?? {}
      if (piece !== undefined) piece.data = joined([piece.data, data])
      if (this.#left === 0) this.heard += `data ${hash(piece?.data ?? data)}\n`
    },
  })

  read(chunks: readonly Uint8Array[]): this {
    try {
      for (const chunk of chunks) this.reader.push(chunk)
    } catch (error) {
      if (error instanceof BrokenPromise || !(error instanceof Error)) throw error
      this.error = error
    }
    return this
  }

  #between(): void {
    promised(this.#left === 0, 'a piece ends before the next message begins')
  }
}

function dataChannel(): Target {
  return {
    name: 'data-channel',
    about: "messages on a stream's data channel: frames past libp2p's framing, or libp2p's own",
    inputs: fc
      .array(fc.tuple(fc.constantFrom(0, 0, 0, 1, 0x85), frames), { minLength: 1, maxLength: 4 })
      .map((messages) => joined(messages.map(([first, body]) => message(joined([Uint8Array.of(first), body]))))),
    allows: isDecodingError,
    decode: (input) => {
      const log = new Log()
      const channel = new FakeChannel()
      const seen: string[] = []
      channel.onmessage = () => seen.push('libp2p')
      let fault: Error | undefined
      const listened = frameChannelOf({ channel } as unknown as Stream)
      listened?.listen({
        onFrames: (part) => {
          seen.push('frames')
          log.read([part])
        },
        onDrain: () => seen.push('drain'),
        onFault: (error) => {
          fault = error
        },
      })
      for (const data of messagesOf(input)) {
        channel.onmessage(new MessageEvent('message', { data }))
        if (fault !== undefined) throw fault
        if (log.error !== undefined) throw log.error
      }
      return [...new Set(seen)].join(' ')
    },
  }
}

/** The part of an `RTCDataChannel` that the frames use. */
class FakeChannel extends EventTarget implements DataChannel {
  readonly readyState = 'open'
  readonly bufferedAmount = 0
  bufferedAmountLowThreshold = 0
  onmessage: (event: MessageEvent) => unknown = () => undefined

  send(): void {
    throw new BrokenPromise('sends nothing by itself')
  }
}

/** A message in the input: a kind, the length in two bytes, the bytes. */
function message(body: Uint8Array): Uint8Array {
  return joined([Uint8Array.of(0, body.byteLength >> 8, body.byteLength & 0xff), body])
}

/** Kinds above 250 stand for what only a hostile peer sends: texts and messages without bound. */
function* messagesOf(input: Uint8Array): Generator {
  for (let at = 0; at + 3 <= input.byteLength;) {
    const kind = input[at] ?? 0
    const length = ((input[at + 1] ?? 0) << 8) | (input[at + 2] ?? 0)
    const body = input.slice(at + 3, at + 3 + length)
    if (kind === 255) yield '2000000000'
    else if (kind === 254) yield new ArrayBuffer(length * 16)
    else yield body.buffer
    at += 3 + length
  }
}

function bitfield(): Target {
  return {
    name: 'bitfield',
    about: 'which pieces a peer has (Bitfield); the first two bytes say how many pieces there are',
    inputs: fc
      .array(fc.boolean(), { maxLength: 300 })
      .map((has) => joined([Uint8Array.of(has.length >> 8, has.length & 0xff), bitsOf(has)])),
    roundTrip: roundTrip(
      fc.array(fc.boolean(), { maxLength: 300 }).map((has) => ({ length: has.length, set: indexesOf(has) })),
      ({ length, set }) => joined([Uint8Array.of(length >> 8, length & 0xff), fieldOf(set).toBytes(length)]),
      (encoded) => {
        const length = ((encoded[0] ?? 0) << 8) | (encoded[1] ?? 0)
        return { length, set: [...Bitfield.fromBytes(encoded.subarray(2), length)] }
      },
    ),
    decode: (input) => {
      const length = ((input[0] ?? 0) << 8) | (input[1] ?? 0)
      const field = Bitfield.fromBytes(input.subarray(2), length)
      const all = [...field]
      promised(all.length === field.count, 'counts what it has')
      promised(
        all.every((index) => index < length),
        'has only pieces that there are',
      )
      return all.length === 0 ? 'empty' : 'some'
    },
  }
}

function coming(): Target {
  return {
    name: 'coming',
    about: 'what a peer says of pieces that it is getting from elsewhere, for a version of 200 pieces',
    inputs: fc
      .array(comings, { minLength: 1, maxLength: 4 })
      .map((some) =>
        joined(
          some.map((each) => encodeFrame({ coming: { ...each, pieces: each.pieces.map((piece) => piece % 210) } })),
        ),
      ),
    words: Array.from({ length: 4 }, (_, at) => String.fromCharCode(at, 1)),
    allows: isDecodingError,
    decode: (input) => {
      const { messages, error } = new Log().read([input])
      const table = new PieceTable()
      const peer = { coming: new Map<number, number>() }
      const pieces = new ComingPieces({ table, peers: new Map(), now: () => 0 })
      const said = messages.flatMap((message) => message.coming ?? [])
      for (const { root } of said) if (rootOf(root) !== undefined) table.add(String(rootOf(root)), COMING_CIDS)
      for (const message of said) {
        pieces.onMessage(peer, message)
        promised(peer.coming.size <= MAX_COMING, 'believes a peer at most so many')
        promised(
          [...peer.coming.keys()].every((piece) => table.cid(piece) !== undefined),
          'believes only pieces that there are',
        )
      }
      if (error !== undefined) throw error
      return `${String(Math.min(3, said.length))} ${String(Math.min(2, peer.coming.size))}`
    },
  }
}

const COMING_CIDS = Array.from({ length: 200 }, (_, at) => `piece ${String(at)}`)

/** The version that a message is about, where it names one. */
function rootOf(root: Uint8Array): CID | undefined {
  try {
    return CID.decode(root)
  } catch {
    return undefined
  }
}

function controlLength(): Target {
  return {
    name: 'control-length',
    about: 'the length before a control message',
    inputs: bytes(4),
    allows: (error) => error.message === 'The length of the message goes on',
    decode: (input) => {
      const length = decodeControlLength({ subarray: () => input })
      promised(length >= 0 && length < 2 ** 21, 'is what three bytes can say')
      return String(Math.ceil(Math.log2(length + 1) / 7))
    },
  }
}

function fieldOf(set: readonly number[]): Bitfield {
  const field = new Bitfield()
  for (const index of set) field.add(index)
  return field
}

function bitsOf(has: readonly boolean[]): Uint8Array {
  return fieldOf(indexesOf(has)).toBytes(has.length)
}

function indexesOf(has: readonly boolean[]): number[] {
  return has.flatMap((set, index) => (set ? [index] : []))
}

function hash(data: Uint8Array): string {
  let sum = 0x811c9dc5
  for (const byte of data) sum = Math.imul(sum ^ byte, 0x01000193)
  return (sum >>> 0).toString(36)
}
