import { ValidationError } from '@blackhole/protocol'

/** ASN.1 tags (X.690) that keys are made of. */
export const TAG = Object.freeze({ integer: 0x02, octets: 0x04, nothing: 0x05, oid: 0x06, sequence: 0x30 })

/** One value of DER. */
export interface DerValue {
  readonly tag: number
  readonly content: Uint8Array
}

/** Encodes one value of DER from the parts of its content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  const bytes = new Uint8Array(head.length + length)
  bytes.set(head)
  let at = head.length
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return bytes
}

/** Encodes a whole number of 32 bits at most. */
export function derInteger(value: number): Uint8Array<ArrayBuffer> {
  const bytes: number[] = []
  for (let rest = value; rest > 0 || bytes.length === 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0)
  return der(TAG.integer, Uint8Array.from(bytes))
}

/**
 * Reads the values that stand one after the other in `bytes`.
 *
 * @throws {ValidationError} when a length doesn't fit
 */
export function readDer(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = []
  let at = 0
  while (at < bytes.byteLength) {
    const tag = bytes[at] ?? 0
    let length = bytes[at + 1] ?? -1
    let start = at + 2
    if (length === 0x81 || length === 0x82) {
      const octets = length - 0x80
      length = 0
      for (let i = 0; i < octets; i++) length = length * 256 + (bytes[start + i] ?? -1)
      start += octets
    }
    if (length < 0 || length >= 0x10000 || start + length > bytes.byteLength)
      throw new ValidationError('key', 'complete DER (X.690)')
    values.push({ tag, content: bytes.subarray(start, start + length) })
    at = start + length
  }
  return values
}

/**
 * The one value of a tag at a place in a list.
 *
 * @throws {ValidationError} when it is another or missing
 */
export function expectDer(values: readonly DerValue[], index: number, tag: number): Uint8Array {
  const value = values[index]
  if (value?.tag !== tag)
    throw new ValidationError('key', `DER with tag ${String(tag)} at place ${String(index)}`, value?.tag)
  return value.content
}
