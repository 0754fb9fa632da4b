import { describe, expect, it } from 'vitest'
import { Availability } from './availability.ts'

/** Numbers from 0 to 1 that are the same every time (Park and Miller's minimal standard). */
function sequence(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

describe('Availability', () => {
  it('counts holders', () => {
    const availability = new Availability()
    availability.increment(3)
    availability.increment(3)
    availability.decrement(3)
    availability.decrement(4)
    expect(availability.count(3)).toBe(1)
    expect(availability.count(4)).toBe(0)
  })

  it('gives wanted pieces that somebody has, rarest first', () => {
    const availability = new Availability()
    const counts = [3, 1, 2, 0, 1, 5]
    for (const [piece, count] of counts.entries()) {
      if (piece % 2 === 0) availability.want(piece)
      for (let at = 0; at < count; at += 1) availability.increment(piece)
      availability.want(piece)
    }
    const order = [...availability.rarestFirst(() => 0)]
    expect(order.map((piece) => counts[piece])).toEqual([1, 1, 2, 3, 5])
    expect(availability.wanted).toBe(6)
  })

  it('breaks ties at random, evenly', () => {
    const availability = new Availability()
    for (let piece = 0; piece < 4; piece += 1) {
      availability.increment(piece)
      availability.want(piece)
    }
    const random = sequence(7)
    const firsts = [0, 0, 0, 0]
    for (let at = 0; at < 4000; at += 1) {
      const [first] = availability.rarestFirst(random)
      firsts[first ?? 0] = (firsts[first ?? 0] ?? 0) + 1
    }
    for (const count of firsts) expect(count).toBeGreaterThan(850)
  })

  it('gives at most so many of one count, beginning anywhere', () => {
    const availability = new Availability()
    for (let piece = 0; piece < 100; piece += 1) {
      availability.increment(piece)
      if (piece >= 90) availability.increment(piece)
      availability.want(piece)
    }
    const order = [...availability.rarestFirst(() => 0.99, 20)]
    expect(order).toHaveLength(30)
    expect(order.slice(0, 20).every((piece) => piece < 90)).toBe(true)
  })

  it('stays right through any order of changes', () => {
    const availability = new Availability()
    const random = sequence(42)
    const counts = new Map<number, number>()
    const wanted = new Set<number>()
    for (let at = 0; at < 20_000; at += 1) {
      const piece = Math.floor(random() * 50)
      const count = counts.get(piece) ?? 0
      const choice = Math.floor(random() * 4)
      if (choice === 0) {
        availability.increment(piece)
        counts.set(piece, count + 1)
      } else if (choice === 1) {
        availability.decrement(piece)
        counts.set(piece, Math.max(0, count - 1))
      } else if (choice === 2) {
        availability.want(piece)
        wanted.add(piece)
      } else {
        availability.unwant(piece)
        wanted.delete(piece)
      }
    }
    const order = [...availability.rarestFirst(random)]
    expect(new Set(order)).toEqual(new Set([...wanted].filter((piece) => (counts.get(piece) ?? 0) > 0)))
    const held = order.map((piece) => counts.get(piece) ?? 0)
    expect(held).toEqual(held.toSorted((a, b) => a - b))
  })
})
