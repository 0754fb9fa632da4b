import { MAX_STUN_BYTES } from '../limits.ts'

/**
 * STUN messages (RFC 8489), as far as a Binding server needs them. Pure:
 * bytes in, bytes out.
 */

/** Section 5 of RFC 8489. */
export const MAGIC_COOKIE = 0x2112a442
const HEADER_BYTES = 20
const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const BINDING_ERROR = 0x0111
const XOR_MAPPED_ADDRESS = 0x0020
const ERROR_CODE = 0x0009
const UNKNOWN_ATTRIBUTES = 0x000a
const SOFTWARE = 0x8022
const FINGERPRINT = 0x8028
const FINGERPRINT_XOR = 0x5354554e

/** Attributes below 0x8000 must be understood (section 14); these are, or may safely be ignored by a server without passwords. */
const UNDERSTOOD = new Set([
  0x0006, // USERNAME: ICE puts it into checks; a server without authentication ignores it
  0x0008, // MESSAGE-INTEGRITY
  0x001c, // MESSAGE-INTEGRITY-SHA256
  0x0024, // PRIORITY (RFC 8445)
  0x0025, // USE-CANDIDATE (RFC 8445)
])

/** A Binding request. */
export interface BindingRequest {
  /** 12 bytes. */
  transactionId: Uint8Array
  /** Attributes that had to be understood and were not. */
  unknown: readonly number[]
}

/** A transport address: what a NAT made of the sender's. */
export interface TransportAddress {
  family: 4 | 6
  address: string
  port: number
}

/**
 * Reads a Binding request.
 *
 * @returns undefined for anything else, which a server drops without a word (section 6.3)
 */
export function readBindingRequest(message: Uint8Array): BindingRequest | undefined {
  if (message.byteLength < HEADER_BYTES || message.byteLength > MAX_STUN_BYTES) return undefined
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const length = view.getUint16(2)
  if (view.getUint16(0) !== BINDING_REQUEST || view.getUint32(4) !== MAGIC_COOKIE) return undefined
  if (length % 4 !== 0 || length !== message.byteLength - HEADER_BYTES) return undefined
  const unknown: number[] = []
  for (let at = HEADER_BYTES; at < message.byteLength;) {
    if (at + 4 > message.byteLength) return undefined
    const type = view.getUint16(at)
    const size = view.getUint16(at + 2)
    if (at + 4 + size > message.byteLength) return undefined
    if (type === FINGERPRINT) {
      if (size !== 4 || at + 8 !== message.byteLength) return undefined
      if (view.getUint32(at + 4) !== fingerprint(message.subarray(0, at))) return undefined
    } else if (type < 0x8000 && !UNDERSTOOD.has(type)) {
      unknown.push(type)
    }
    at += 4 + size + padding(size)
  }
  return { transactionId: message.slice(8, HEADER_BYTES), unknown }
}

/** The answer to a Binding request: the address that it came from, or error 420 when it asked for what is not understood. */
export function answerBinding(request: BindingRequest, from: TransportAddress, software: string): Uint8Array {
  if (request.unknown.length > 0) {
    return encode(BINDING_ERROR, request.transactionId, [
      [ERROR_CODE, concat([Uint8Array.of(0, 0, 4, 20), new TextEncoder().encode('Unknown Attribute')])],
      [UNKNOWN_ATTRIBUTES, concat(request.unknown.map((type) => Uint8Array.of(type >> 8, type & 0xff)))],
    ])
  }
  return encode(BINDING_SUCCESS, request.transactionId, [
    [XOR_MAPPED_ADDRESS, xorAddress(from, request.transactionId)],
    [SOFTWARE, new TextEncoder().encode(software)],
  ])
}

/** The value of XOR-MAPPED-ADDRESS (section 14.2). */
export function xorAddress(from: TransportAddress, transactionId: Uint8Array): Uint8Array {
  const key = concat([Uint8Array.of(0x21, 0x12, 0xa4, 0x42), transactionId])
  const address = from.family === 4 ? from.address.split('.').map(Number) : ipv6Bytes(from.address)
  return Uint8Array.of(
    0,
    from.family === 4 ? 1 : 2,
    (from.port >> 8) ^ 0x21,
    (from.port & 0xff) ^ 0x12,
    ...address.map((byte, index) => byte ^ (key[index] ?? 0)),
  )
}

/** CRC-32 of ITU V.42 over all before the attribute, as FINGERPRINT has it (section 14.7). */
export function fingerprint(before: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of before) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : 0xedb88320)
  }
  return (crc ^ 0xffffffff ^ FINGERPRINT_XOR) >>> 0
}

function encode(
  type: number,
  transactionId: Uint8Array,
  attributes: readonly (readonly [number, Uint8Array])[],
): Uint8Array {
  const parts = attributes.map(([attribute, value]) =>
    concat([
      Uint8Array.of(attribute >> 8, attribute & 0xff, value.byteLength >> 8, value.byteLength & 0xff),
      value,
      new Uint8Array(padding(value.byteLength)),
    ]),
  )
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0) + 8
  const head = new Uint8Array(HEADER_BYTES)
  const view = new DataView(head.buffer)
  view.setUint16(0, type)
  view.setUint16(2, length)
  view.setUint32(4, MAGIC_COOKIE)
  head.set(transactionId, 8)
  const body = concat([head, ...parts])
  const tail = new Uint8Array(8)
  const tailView = new DataView(tail.buffer)
  tailView.setUint16(0, FINGERPRINT)
  tailView.setUint16(2, 4)
  tailView.setUint32(4, fingerprint(body))
  return concat([body, tail])
}

function padding(size: number): number {
  return (4 - (size % 4)) % 4
}

function ipv6Bytes(address: string): number[] {
  const [plain = ''] = address.split('%')
  const [head = '', tail] = plain.split('::')
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const all = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
  return all.flatMap((group) => [group >> 8, group & 0xff])
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
