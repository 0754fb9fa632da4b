import { MAX_CONTROL_MESSAGE_BYTES } from '@blackhole/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ControlReader } from './control-reader.ts'
import { withLength } from './encoded-peers.ts'

test('gives the messages that were written, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
      fc.array(fc.nat({ max: 400 }), { maxLength: 20 }),
      (messages, cuts) => {
        const bytes = Buffer.concat(messages.map((message) => withLength(message)))
        const reader = new ControlReader()
        const read: Uint8Array[] = []
        let at = 0
        for (const length of [...cuts, bytes.byteLength]) {
          read.push(...reader.read(bytes.subarray(at, at + length)))
          at += length
        }
        expect(read.map((message) => [...message])).toEqual(messages.map((message) => [...message]))
        expect(reader.isWithin).toBe(false)
      },
    ),
  )
})

test('refuses a length above the bound, and one that never ends, without waiting for more', () => {
  const large = withLength(new Uint8Array(MAX_CONTROL_MESSAGE_BYTES + 1)).subarray(0, 3)
  expect(() => new ControlReader().read(large)).toThrow(/64 KiB|65536|control message/)
  expect(() => new ControlReader().read(new Uint8Array(3).fill(0xff))).toThrow()
  const slow = new ControlReader()
  expect(slow.read(Uint8Array.of(0xff))).toEqual([])
  expect(slow.isWithin).toBe(true)
  expect(() => slow.read(Uint8Array.of(0xff, 0xff))).toThrow()
})
