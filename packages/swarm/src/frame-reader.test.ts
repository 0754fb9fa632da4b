import { describe, expect, it } from 'vitest'
import { CdnMessage, MAX_CDN_MESSAGE_BYTES } from '@blackhole/protocol'
import { FrameReader } from './frame-reader.ts'
import { encodeFrame, encodePieceHeader, MAX_PIECE_HEADER_BYTES } from './frame-writer.ts'
import { testBytes } from './swarm-harness.ts'
import type { PieceHeader } from './piece-header.ts'

type Heard = { message: CdnMessage } | { piece: PieceHeader; data: number[] }

/** What a reader hears of bytes that come in chunks of a size. */
function read(bytes: Uint8Array, chunk: number): Heard[] {
  const heard: Heard[] = []
  const reader = new FrameReader({
    onMessage: (message) => heard.push({ message }),
    onPiece: (piece) => heard.push({ piece, data: [] }),
    onPieceData: (data) => {
      const last = heard.at(-1)
      if (last !== undefined && 'data' in last) last.data.push(...data)
    },
  })
  for (let at = 0; at < bytes.length; at += chunk) reader.push(bytes.subarray(at, at + chunk))
  return heard
}

function join(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const data = testBytes(300, 1)
const pieces = [
  { id: 0, offset: 0, size: 300 },
  { id: 1, offset: 131_072, size: 1_048_576 },
  { id: 0xffff_ffff, offset: 0xffff_ffff, size: 0xffff_ffff },
]

describe('FrameReader', () => {
  it.each([1, 2, 3, 7, 39, 40, 41, 100, 10_000])('reads frames in chunks of %i', (chunk) => {
    const messages = [
      { hello: { version: 1, site: 'k51', token: 't'.repeat(300), lastResort: true, frameChannel: true } },
      { choke: { choked: true } },
      { cancel: { id: 5 } },
    ]
    const stream = join(
      ...messages.map(encodeFrame),
      ...pieces.flatMap((piece) => [encodePieceHeader({ ...piece, length: data.length }), data]),
      encodePieceHeader({ id: 9, offset: 0, size: 0, length: 0 }),
      encodeFrame({ have: { root: new Uint8Array(36), pieces: [1, 2, 300] } }),
    )
    const heard = read(stream, chunk)
    expect(heard.slice(0, 3)).toEqual(messages.map((message) => ({ message })))
    expect(heard.slice(3, 6)).toEqual(pieces.map((piece) => ({ piece: { ...piece, length: 300 }, data: [...data] })))
    expect(heard[6]).toEqual({ piece: { id: 9, offset: 0, size: 0, length: 0 }, data: [] })
    expect(heard[7]).toEqual({ message: { have: { root: new Uint8Array(36), pieces: [1, 2, 300] } } })
    expect(heard).toHaveLength(8)
  })

  it('writes pieces as protobuf has them', () => {
    for (const piece of pieces) {
      const header = encodePieceHeader({ ...piece, length: data.length })
      expect(header.length).toBeLessThanOrEqual(MAX_PIECE_HEADER_BYTES)
      const frame = join(header, data)
      // The length of such a frame takes two bytes.
      expect(CdnMessage.decode(frame.subarray(2))).toEqual({ piece: { ...piece, data } })
    }
  })

  it.each([1, 5, 1000])('reads pieces as protons writes them, in chunks of %i', (chunk) => {
    expect(read(encodeFrame({ piece: { id: 3, offset: 10, size: 999, data } }), chunk)).toEqual([
      { piece: { id: 3, offset: 10, size: 999, length: 300 }, data: [...data] },
    ])
  })

  it.each([1, 5, 1000])('reads pieces whose fields are in another order, in chunks of %i', (chunk) => {
    // data, size, offset, id: allowed by protobuf, not what we write.
    const body = join(new Uint8Array([0x22, 3, 1, 2, 3, 0x18, 9, 0x10, 4, 0x08, 7]))
    const message = join(new Uint8Array([0x32, body.length]), body)
    expect(read(join(new Uint8Array([message.length]), message), chunk)).toEqual([
      { piece: { id: 7, offset: 4, size: 9, length: 3 }, data: [1, 2, 3] },
    ])
  })

  it('refuses a message by its length, before it has come', () => {
    const length = MAX_CDN_MESSAGE_BYTES + 1
    const prefix = new Uint8Array([(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14])
    expect(() => read(prefix, 3)).toThrow(/cdn message bytes/)
    expect(() => read(new Uint8Array(10).fill(0xff), 10)).toThrow(/frame length/)
    expect(() => read(new Uint8Array(10).fill(0xff), 1)).toThrow(/frame length/)
  })

  it.each([1, 1000])('refuses a message of nothing, in chunks of %i', (chunk) => {
    expect(() => read(new Uint8Array(1000), chunk)).toThrow(/frame length/)
    expect(() => read(join(encodeFrame({ cancel: { id: 1 } }), new Uint8Array(1)), chunk)).toThrow(/frame length/)
  })

  it.each([1, 7, 100])('refuses a piece with a field that goes on beyond its end, in parts of %i bytes', (chunk) => {
    // The length of the piece ends in the middle of `size`; its last byte would be the next frame's first.
    const frame = Uint8Array.of(0x07, 0x32, 0x05, 0x08, 0x01, 0x18, 0x80, 0x80)
    expect(() => read(join(frame, encodeFrame({ choke: { choked: true } })), chunk)).toThrow()
  })

  it('hears nothing after it was stopped', () => {
    let heard = 0
    const reader: FrameReader = new FrameReader({
      onMessage: () => {
        heard += 1
        reader.stop()
      },
      onPiece: () => undefined,
      onPieceData: () => undefined,
    })
    reader.push(join(encodeFrame({ cancel: { id: 1 } }), encodeFrame({ cancel: { id: 2 } })))
    reader.push(encodeFrame({ cancel: { id: 3 } }))
    expect(heard).toBe(1)
  })

  it('survives noise: it reads or throws, and never hangs', () => {
    for (let seed = 1; seed < 300; seed += 1) {
      try {
        read(testBytes(2000, seed), 1 + (seed % 60))
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
    }
  })
})
