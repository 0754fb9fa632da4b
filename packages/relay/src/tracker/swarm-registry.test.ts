import { seededRandom } from '@blackhole/testkit'
import { beforeEach, describe, expect, test } from 'vitest'
import type { SiteName } from '@blackhole/protocol'
import { MAX_SWARM_PEERS, TRACKER_TTL_MS } from '../limits.ts'
import { SwarmRegistry } from './swarm-registry.ts'

const SITE = 'k51site' as SiteName
const OTHER = 'k51other' as SiteName
const anyone = (): boolean => true

describe('SwarmRegistry', () => {
  let now: number
  let registry: SwarmRegistry

  beforeEach(() => {
    now = 1_000_000
    let seed = 1
    registry = new SwarmRegistry({
      now: () => now,
      random: () => {
        seed = (seed * 16_807) % 2_147_483_647
        return seed / 2_147_483_647
      },
    })
  })

  const join = (peer: string, have = 0, site = SITE): void => {
    registry.announce(site, { peer, have, total: 10 })
  }

  test('holders come before others, never the asker, never more than wanted', () => {
    for (let at = 0; at < 20; at += 1) join(`empty${String(at)}`)
    for (let at = 0; at < 5; at += 1) join(`holder${String(at)}`, 3)
    const drawn = registry.draw(SITE, 'holder0', 8, anyone)
    expect(
      drawn.peers
        .slice(0, 4)
        .map(({ peer }) => peer)
        .sort(),
    ).toEqual(['holder1', 'holder2', 'holder3', 'holder4'])
    expect(drawn.peers).toHaveLength(8)
    expect(new Set(drawn.peers.map(({ peer }) => peer)).size).toBe(8)
    expect(drawn).toMatchObject({ swarmPeers: 24, swarmHolders: 4 })
    expect(registry.draw(SITE, 'x', 0, anyone).peers).toEqual([])
  })

  test('copies of the pieces are counted per site that has visitors, the scarcest first', () => {
    const other = 'k51other' as typeof SITE
    for (const [at, have] of [10, 10, 5, 20].entries()) join(`peer${String(at)}`, have)
    join('alone', 0, other)
    // No one says to have more than all, and who does not know how much there is counts for nothing.
    registry.announce(other, { peer: 'new', have: 3, total: 0 })
    expect(registry.copies()).toEqual([0, 3.5])
    now += TRACKER_TTL_MS
    expect(registry.copies()).toEqual([])
  })

  test('every holder is drawn about equally often', () => {
    for (let at = 0; at < 10; at += 1) join(String(at), 1)
    const counts = new Map<string, number>()
    for (let round = 0; round < 2000; round += 1) {
      for (const { peer } of registry.draw(SITE, 'x', 3, anyone).peers) counts.set(peer, (counts.get(peer) ?? 0) + 1)
    }
    for (const count of counts.values()) expect(Math.abs(count - 600)).toBeLessThan(90)
    expect(counts.size).toBe(10)
  })

  test('who is silent is forgotten, who announces again is not, who cannot be dialled is not named', () => {
    join('silent', 1)
    now += TRACKER_TTL_MS / 2
    join('late', 1)
    join('hidden', 1)
    now += TRACKER_TTL_MS / 2
    const drawn = registry.draw(SITE, 'x', 10, (peer) => peer !== 'hidden')
    expect(drawn.peers.map(({ peer }) => peer)).toEqual(['late'])
    expect(registry.count(SITE)).toBe(2)
    join('empty', 0)
    expect(registry.holders).toBe(2)
    registry.sweep()
    expect(registry.peers).toBe(3)
  })

  test('a peer leaves one swarm, or all of them when its connection ends', () => {
    join('a')
    join('a', 0, OTHER)
    registry.leave(SITE, 'a')
    expect([registry.count(SITE), registry.count(OTHER), registry.peers]).toEqual([0, 1, 1])
    join('a')
    registry.leaveAll('a')
    expect([registry.count(SITE), registry.count(OTHER), registry.peers]).toEqual([0, 0, 0])
  })

  test('a full swarm lets the one heard of longest ago go', () => {
    for (let at = 0; at <= MAX_SWARM_PEERS; at += 1) join(String(at))
    expect(registry.count(SITE)).toBe(MAX_SWARM_PEERS)
    expect(registry.draw(SITE, 'x', MAX_SWARM_PEERS, anyone).peers.some(({ peer }) => peer === '0')).toBe(false)
  })
})

describe('places', () => {
  test('in a swarm of thousands neighbours are found, and few are looked at', () => {
    let now = 0
    const registry = new SwarmRegistry({ now: () => now, random: seededRandom(4) })
    for (let at = 0; at < 9_000; at += 1) {
      const network = at % 450 === 0 ? 'home' : 'away'
      registry.announce(SITE, { peer: `${network}${String(at)}`, have: (at + 1) % 3, total: 3 }, { place: { network } })
    }
    registry.announce(SITE, { peer: 'asker', have: 0, total: 3 }, { place: { network: 'home' } })
    let asked = 0
    const dialable = (peer: string): boolean => {
      asked += 1
      return !peer.endsWith('1')
    }
    const counted = registry.draw(SITE, 'asker', 0, dialable)
    expect(counted).toMatchObject({ peers: [], swarmPeers: 8_100, swarmHolders: 5_400 })
    asked = 0
    const drawn = registry.draw(SITE, 'asker', 12, dialable)
    expect(asked).toBeLessThan(600)
    expect(drawn).toMatchObject({ swarmPeers: 8_100, swarmHolders: 5_400 })
    expect(drawn.peers).toHaveLength(12)
    expect(drawn.peers.every(({ peer, have }) => have > 0 && !peer.endsWith('1'))).toBe(true)
    expect(drawn.peers.filter(({ peer }) => peer.startsWith('home')).length).toBeGreaterThanOrEqual(4)
    registry.leaveAll(drawn.peers[0]?.peer ?? '')
    now += 1_000
    expect(registry.draw(SITE, 'asker', 0, dialable)).toMatchObject({ swarmPeers: 8_099, swarmHolders: 5_399 })
  })

  test('neighbours are named first, and who has been named gives way to others', () => {
    const chosen = new Map<string, number>()
    const registry = new SwarmRegistry({ now: () => 0, random: seededRandom(9) })
    const at = (peer: string, network: string, free: number): void => {
      registry.announce(SITE, { peer, have: 1, total: 1 }, { place: { network }, free })
    }
    at('asker', 'home', 4)
    for (let index = 0; index < 60; index += 1) at(`away${String(index)}`, 'away', 20)
    for (let index = 0; index < 4; index += 1) at(`home${String(index)}`, 'home', 20)
    for (let round = 0; round < 10; round += 1) {
      for (const { peer } of registry.draw(SITE, 'asker', 4, anyone).peers) {
        const network = peer.slice(0, 4)
        chosen.set(network, (chosen.get(network) ?? 0) + 1)
      }
    }
    expect(chosen.get('home')).toBeGreaterThan(10)
    expect(chosen.get('away')).toBeGreaterThanOrEqual(10)
    expect(registry.draw(SITE, 'asker', 1, anyone).peers[0]).toHaveProperty('peer')
    expect(Object.keys(registry.draw(SITE, 'asker', 1, anyone).peers[0] ?? {})).toEqual(['peer', 'have', 'total'])
  })
})
