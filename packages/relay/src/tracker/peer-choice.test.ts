import { seededRandom } from '@blackhole/testkit'
import { describe, expect, test } from 'vitest'
import { choosePeers, weightOf } from './peer-choice.ts'
import type { NameablePeer } from './peer-choice.ts'

interface Peer extends NameablePeer {
  readonly name: number
}

function peer(name: number, rest: Partial<NameablePeer> = {}): Peer {
  return { name, have: 10, total: 10, free: 10, place: {}, ...rest }
}

/** 20 networks of 20 peers each. */
const SWARM = Array.from({ length: 400 }, (_, at) =>
  peer(at, { place: { network: `AS${String(at % 20)}`, prefix: String(at) } }),
)

describe('choosePeers', () => {
  test('names mostly near peers, and some from anywhere, none twice', () => {
    const random = seededRandom(1)
    let [near, far] = [0, 0]
    for (let round = 0; round < 200; round += 1) {
      const chosen = choosePeers({ network: 'AS3' }, SWARM, 12, random)
      expect(new Set(chosen).size).toBe(12)
      near += chosen.filter(({ place }) => place.network === 'AS3').length
      far += chosen.filter(({ place }) => place.network !== 'AS3').length
    }
    // 64 times the weight, one peer in twenty; a quarter is drawn from all.
    expect(near / (near + far)).toBeGreaterThan(0.5)
    expect(far / (near + far)).toBeGreaterThan(0.25)
  })

  test('does not split the swarm: each network reaches all others within few steps', () => {
    const random = seededRandom(2)
    const neighbours = SWARM.map(({ place }) => choosePeers(place, SWARM, 8, random))
    const seen = new Set([0])
    let edge = [0]
    let steps = 0
    for (; edge.length > 0; steps += 1) {
      edge = edge.flatMap((at) => (neighbours[at] ?? []).map(({ name }) => name)).filter((name) => !seen.has(name))
      for (const name of edge) seen.add(name)
    }
    expect(seen.size).toBeGreaterThan(390)
    expect(steps).toBeLessThan(10)
  })

  test('is the same for the same chance', () => {
    const names = (seed: number): number[] =>
      choosePeers({ rttMs: 10 }, SWARM, 10, seededRandom(seed)).map(({ name }) => name)
    expect(names(3)).toEqual(names(3))
    expect(names(3)).not.toEqual(names(5))
  })

  test('names all of a small swarm', () => {
    expect(choosePeers({}, [peer(1), peer(2)], 8, () => 0.5)).toHaveLength(2)
    expect(choosePeers({}, [peer(1)], 0, () => 0.5)).toEqual([])
  })
})

describe('the weight of a peer', () => {
  const asker = { prefix: 'p', network: 'n', rttMs: 10 }

  test('rises with nearness: the same prefix, the same network, little time by way of the relay', () => {
    const weights = [
      { prefix: 'p', network: 'n' },
      { prefix: 'q', network: 'n' },
      { prefix: 'q', rttMs: 5 },
      { prefix: 'q', rttMs: 40 },
      { prefix: 'q', rttMs: 400 },
    ].map((place) => weightOf(asker, peer(0, { place })))
    expect(weights).toEqual([...weights].sort((a, b) => b - a))
    expect(new Set(weights).size).toBe(5)
  })

  test('rises with what it holds and with the room that it has, and is never nothing', () => {
    expect(weightOf(asker, peer(0))).toBeGreaterThan(weightOf(asker, peer(0, { have: 1 })))
    expect(weightOf(asker, peer(0))).toBeGreaterThan(weightOf(asker, peer(0, { free: 1 })))
    expect(weightOf(asker, peer(0, { free: 0, have: 0, place: { rttMs: 10_000 } }))).toBeGreaterThan(0)
  })
})
