import { describe, expect, test } from 'vitest'
import { MAX_STUN_BYTES } from '../limits.ts'
import { answerBinding, fingerprint, readBindingRequest, xorAddress } from './message.ts'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'))

/** RFC 5769, section 2.1: a Binding request as ICE sends it. */
const REQUEST = bytes(`
  00 01 00 58 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae
  80 22 00 10 53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74
  00 24 00 04 6e 00 01 ff
  80 29 00 08 93 2f f9 b1 51 26 3b 36
  00 06 00 09 65 76 74 6a 3a 68 36 76 59 20 20 20
  00 08 00 14 9a ea a7 0c bf d8 cb 56 78 1e f2 b5 b2 d3 f2 49 c1 b5 71 a2
  80 28 00 04 e5 7a 3b cf`)
const TRANSACTION = bytes('b7e7a701bc34d686fa87dfae')

describe('RFC 5769', () => {
  test('2.1: the sample request is read, its fingerprint checked', () => {
    const request = readBindingRequest(REQUEST)
    expect(request?.transactionId).toEqual(TRANSACTION)
    expect(request?.unknown).toEqual([])
    expect(fingerprint(REQUEST.subarray(0, -8))).toBe(0xe57a3bcf)
    const altered = REQUEST.slice()
    altered[30] = 0
    expect(readBindingRequest(altered)).toBeUndefined()
  })

  test('2.2: the IPv4 address of the sample response, 192.0.2.1:32853', () => {
    expect(xorAddress({ family: 4, address: '192.0.2.1', port: 32853 }, TRANSACTION)).toEqual(
      bytes('00 01 a1 47 e1 12 a6 43'),
    )
  })

  test('2.3: the IPv6 address of the sample response', () => {
    expect(
      xorAddress({ family: 6, address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32853 }, TRANSACTION),
    ).toEqual(bytes('00 02 a1 47 01 13 a9 fa a5 d3 f1 79 bc 25 f4 b5 be d2 b9 d9'))
  })
})

describe('Binding', () => {
  const request = { transactionId: TRANSACTION, unknown: [] }

  test('an answer is a success response with the address and a right fingerprint', () => {
    const answer = answerBinding(request, { family: 4, address: '192.0.2.1', port: 32853 }, 'test')
    const view = new DataView(answer.buffer)
    expect(view.getUint16(0)).toBe(0x0101)
    expect(view.getUint16(2)).toBe(answer.byteLength - 20)
    expect(answer.subarray(8, 20)).toEqual(TRANSACTION)
    expect(answer.subarray(20, 32)).toEqual(bytes('00 20 00 08 00 01 a1 47 e1 12 a6 43'))
    expect(view.getUint32(answer.byteLength - 4)).toBe(fingerprint(answer.subarray(0, -8)))
  })

  test('an attribute that must be understood and is not gets error 420 naming it', () => {
    const asked = readBindingRequest(bytes('0001 0004 2112a442 b7e7a701bc34d686fa87dfae 0003 0000'))
    expect(asked?.unknown).toEqual([3])
    const answer = answerBinding(
      { transactionId: TRANSACTION, unknown: [3] },
      { family: 4, address: '1.2.3.4', port: 1 },
      '',
    )
    expect(Buffer.from(answer).toString('hex')).toContain('0000041455') // 4·100 + 20, "U…"
    expect(Buffer.from(answer).toString('hex')).toContain('000a00020003')
  })

  test('anything else is not answered', () => {
    for (const hex of [
      '',
      '00',
      '0101 0000 2112a442 b7e7a701bc34d686fa87dfae',
      '0001 0000 00000000 b7e7a701bc34d686fa87dfae',
      '0001 0004 2112a442 b7e7a701bc34d686fa87dfae',
      '0001 0004 2112a442 b7e7a701bc34d686fa87dfae 0006 ffff',
      '0001 0003 2112a442 b7e7a701bc34d686fa87dfae 000600',
    ]) {
      expect(readBindingRequest(bytes(hex)), hex).toBeUndefined()
    }
    // Well-formed, with hundreds of attributes that must be understood, and more than a datagram should be.
    const attributes = '00030000'.repeat((MAX_STUN_BYTES - 20) / 4)
    const message = (body: string): Uint8Array =>
      bytes(`0001 ${(body.length / 2).toString(16).padStart(4, '0')} 2112a442 b7e7a701bc34d686fa87dfae ${body}`)
    expect(readBindingRequest(message(attributes))?.unknown.length).toBe(370)
    expect(readBindingRequest(message(`${attributes}00030000`))).toBeUndefined()
    for (let length = 0; length < REQUEST.length; length += 1)
      expect(readBindingRequest(REQUEST.subarray(0, length))).toBeUndefined()
  })
})
