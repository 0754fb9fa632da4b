import type { Multiaddr } from '@multiformats/multiaddr'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import { DEFAULT_DIAL_PLAN } from './dial-plan.ts'
import type { RelayLink } from './relay-link.ts'
import type { SwarmLinks } from './swarm-links.ts'
import type { SwarmCandidate } from './tracker-client.ts'
import { VisitorDialler } from './visitor-dialler.ts'

const peerId = async (): Promise<string> => peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()

const holder = (peer: string): SwarmCandidate => ({ peer, relays: [], have: 10, total: 10 })

const NEVER = new AbortController().signal

/** A dialler whose dials are noted and go on for as long as the test wants. */
function diallerOf(banned: ReadonlySet<string>): {
  dialler: VisitorDialler
  dialled: string[]
  fail: (peer: string) => void
  settled: () => number
} {
  const dialled: string[] = []
  const dials = new Map<string, PromiseWithResolvers<never>>()
  let settled = 0
  const dialler = new VisitorDialler(
    {
      swarm: { peers: [], isBanned: (peer) => banned.has(peer) },
      now: () => 0,
      random: () => 0.5,
      onError: () => undefined,
      onDialled: () => undefined,
      onSettled: () => (settled += 1),
    },
    { maxPeers: 12 },
  )
  const dial = async ([address]: Multiaddr[]): Promise<never> => {
    const peer = address?.getComponents().findLast(({ name }) => name === 'p2p')?.value ?? ''
    dialled.push(peer)
    const result = Promise.withResolvers<never>()
    dials.set(peer, result)
    return await result.promise
  }
  const relay = { peer: 'relay', addressOf: (peer: string) => `/ip4/127.0.0.1/tcp/1/ws/p2p/${peer}` }
  dialler.use({
    node: { dial },
    links: { visitors: [] } as unknown as SwarmLinks,
    relays: () => [relay as unknown as RelayLink],
    fellows: { addressesOf: () => Promise.resolve([]) },
  })
  const fail = (peer: string): void => {
    dials.get(peer)?.reject(new Error('nobody there'))
  }
  return { dialler, dialled, fail, settled: () => settled }
}

it('leaves the places of its dials to those who were not banned, whatever the tracker says of these', async () => {
  const banned = await Promise.all(Array.from({ length: 2 * DEFAULT_DIAL_PLAN.parallel }, peerId))
  const honest = await peerId()
  const { dialler, dialled, fail, settled } = diallerOf(new Set(banned))
  const named = [...banned, honest].map(holder)
  dialler.offer({ intervalMs: 60_000, peers: named, swarmPeers: named.length, swarmHolders: named.length }, 'relay')

  dialler.dialMore(NEVER)
  await expect.poll(() => dialled).toEqual([honest])
  expect(dialler.isExhausted, 'the honest one is being dialled').toBe(false)

  // Each failure ends one attempt of the two.
  fail(honest)
  await expect.poll(() => dialled).toEqual([honest, honest])
  fail(honest)
  await expect.poll(settled).toBe(1)
  expect(dialler.isExhausted, 'nobody who is banned is waited for').toBe(true)
})

it('dials nobody any more who was banned after the tracker named them', async () => {
  const banned = new Set<string>()
  const peers = await Promise.all(Array.from({ length: DEFAULT_DIAL_PLAN.parallel + 2 }, peerId))
  const { dialler, dialled, fail, settled } = diallerOf(banned)
  dialler.offer({ intervalMs: 60_000, peers: peers.map(holder), swarmPeers: peers.length, swarmHolders: 0 }, 'relay')
  dialler.dialMore(NEVER)
  await expect.poll(() => dialled.length).toBe(DEFAULT_DIAL_PLAN.parallel)
  // The tracker's choice among those who are left comes first.
  const [bad = '', spared] = peers.filter((peer) => !dialled.includes(peer))
  banned.add(bad)
  const [first = ''] = dialled
  fail(first)
  await expect.poll(() => dialled.filter((peer) => peer === first).length).toBe(2)
  fail(first)
  await expect.poll(settled).toBe(1)
  dialler.dialMore(NEVER)
  await expect.poll(() => dialled.at(-1)).toBe(spared)
  expect(dialled).not.toContain(bad)
})
