import { ValidationError } from '@blackhole/protocol'

/** A set of small whole numbers, one bit each. Grows as needed; the wire form is BEP 3's: most significant bit first. */
export class Bitfield {
  #bits: Uint8Array<ArrayBuffer>
  #count = 0

  /** @param length - numbers that it has room for at first */
  constructor(length = 0) {
    this.#bits = new Uint8Array(Math.ceil(length / 8))
  }

  /** How many numbers are in the set. */
  get count(): number {
    return this.#count
  }

  has(index: number): boolean {
    return ((this.#bits[index >>> 3] ?? 0) & (0x80 >>> (index & 7))) !== 0
  }

  /** @returns whether it was not there before */
  add(index: number): boolean {
    if (this.has(index)) return false
    const at = index >>> 3
    if (at >= this.#bits.length) this.#grow(at + 1)
    this.#bits[at] = (this.#bits[at] ?? 0) | (0x80 >>> (index & 7))
    this.#count += 1
    return true
  }

  /** @returns whether it was there */
  delete(index: number): boolean {
    if (!this.has(index)) return false
    const at = index >>> 3
    this.#bits[at] = (this.#bits[at] ?? 0) & ~(0x80 >>> (index & 7))
    this.#count -= 1
    return true
  }

  /** The numbers in rising order. */
  *[Symbol.iterator](): Generator<number> {
    for (const [at, byte] of this.#bits.entries()) {
      if (byte === 0) continue
      for (let bit = 0; bit < 8; bit += 1) if ((byte & (0x80 >>> bit)) !== 0) yield at * 8 + bit
    }
  }

  /** Wire form for `length` pieces; empty when the set is. */
  toBytes(length: number): Uint8Array<ArrayBuffer> {
    if (this.#count === 0) return new Uint8Array(0)
    const bytes = new Uint8Array(Math.ceil(length / 8))
    bytes.set(this.#bits.subarray(0, bytes.length))
    return bytes
  }

  /**
   * Reads the wire form. Empty bytes are the empty set.
   *
   * @param length - pieces that there are
   * @throws {ValidationError} when the length is wrong or a spare bit is set, as BEP 3 demands
   */
  static fromBytes(bytes: Uint8Array, length: number): Bitfield {
    const field = new Bitfield(length)
    if (bytes.byteLength === 0) return field
    const expected = Math.ceil(length / 8)
    if (bytes.byteLength !== expected) {
      throw new ValidationError(
        'bitfield',
        `${String(expected)} bytes long for ${String(length)} pieces`,
        bytes.byteLength,
      )
    }
    const spare = expected * 8 - length
    if (spare > 0 && ((bytes[expected - 1] ?? 0) & ((1 << spare) - 1)) !== 0) {
      throw new ValidationError('bitfield', `without bits past piece ${String(length - 1)}`)
    }
    field.#bits.set(bytes)
    for (let byte of bytes) for (; byte !== 0; byte &= byte - 1) field.#count += 1
    return field
  }

  #grow(bytes: number): void {
    const grown = new Uint8Array(Math.max(bytes, this.#bits.length * 2))
    grown.set(this.#bits)
    this.#bits = grown
  }
}
