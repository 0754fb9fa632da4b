import { expect, it } from 'vitest'
import { decodeControlLength } from './control-length.ts'
import { MAX_CONTROL_MESSAGE_BYTES } from './limits.ts'

it.each([
  [0, [0]],
  [127, [127]],
  [300, [0xac, 0x02]],
  [MAX_CONTROL_MESSAGE_BYTES, [0x80, 0x80, 0x04]],
])('reads the length %i', (length, bytes) => {
  expect(decodeControlLength(Uint8Array.from(bytes))).toBe(length)
})

it('waits for the rest of a length, and for no length that no message can have', () => {
  expect(() => decodeControlLength(Uint8Array.of(0x80))).toThrow(RangeError)
  expect(() => decodeControlLength(Uint8Array.of(0xff, 0xff))).toThrow(RangeError)
  expect(() => decodeControlLength(Uint8Array.of(0xff, 0xff, 0xff))).toThrow(/more than the 3 allowed/)
})
