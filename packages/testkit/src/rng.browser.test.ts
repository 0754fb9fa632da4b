import { describe, expect, test } from 'vitest'
import { seededBytes, seededRandom } from './rng.ts'

describe('seededRandom in a page', () => {
  test('gives the numbers that it gives in Node', () => {
    expect('RTCPeerConnection' in globalThis).toBe(true)
    expect(seededRandom(1)()).toBe(0.6270739405881613)
  })

  test('the same seed gives the same bytes, another seed others', () => {
    expect(seededBytes(1000, 7)).toEqual(seededBytes(1000, 7))
    expect(seededBytes(1000, 7)).not.toEqual(seededBytes(1000, 8))
  })
})
