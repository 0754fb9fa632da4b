import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import type { Arbitrary, IRawProperty } from 'fast-check'

/** The property that what was encoded is read as it was. */
export function roundTrip<T>(
  values: Arbitrary<T>,
  encode: (value: T) => Uint8Array | Promise<Uint8Array>,
  decode: (bytes: Uint8Array) => T | Promise<T>,
): IRawProperty<unknown> {
  return fc.asyncProperty(values, async (value) => {
    // A clone: codecs and generators differ in whether their objects have a prototype, which says nothing.
    deepStrictEqual(structuredClone(await decode(await encode(value))), structuredClone(value))
  })
}
