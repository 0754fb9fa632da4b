import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import { AnnounceReply, BlackholeError, MAX_TRACKER_PEERS, siteNameOf, type RelayInfo } from '@blackhole/protocol'
import { MemoryPieceStore, Swarm } from '@blackhole/swarm'
import type { RelayClient } from '../relay-client/relay-client.ts'
import { RelaySessions } from './relay-sessions.ts'
import type { DialMeans } from './visitor-dialler.ts'

const site = siteNameOf((await generateKeyPair('Ed25519')).publicKey)

/** Sessions with one relay that says who it is when the test lets it. */
async function sessionsWith({
  swarm = newSwarm,
  swarmToken = () => Promise.reject(new BlackholeError('unavailable', 'It gives no tokens')),
}: { swarm?: () => Swarm; swarmToken?: RelayClient['swarmToken'] } = {}): Promise<{
  sessions: RelaySessions
  client: RelayClient
  answer: PromiseWithResolvers<RelayInfo>
  errors: string[]
  means: Promise<DialMeans>
  unreachable: Promise<unknown>
}> {
  const answer = Promise.withResolvers<RelayInfo>()
  const errors: string[] = []
  const means = Promise.withResolvers<DialMeans>()
  const unreachable = Promise.withResolvers<undefined>()
  const client = {
    url: 'http://localhost:1',
    info: () => answer.promise,
    swarmToken,
  } as unknown as RelayClient
  const unused = (): never => {
    throw new BlackholeError('unsupported', 'Not in this test')
  }
  const sessions = new RelaySessions(
    {
      relays: [client],
      privateKey: await generateKeyPair('Ed25519'),
      swarm,
      now: Date.now,
      random: () => 0.5,
      standing: () => ({ root: new Uint8Array(0), have: 0, total: 0, want: 5 }),
      onMeans: means.resolve,
      onAnswer: unused,
      onRecord: unused,
      onUnreachable: () => {
        unreachable.resolve(undefined)
      },
      onError: (what, error) => {
        errors.push(`${what}: ${String(error)}`)
      },
    },
    { site, allowPrivate: true, relayOnly: true, maxPeers: 0 },
  )
  return { sessions, client, answer, errors, means: means.promise, unreachable: unreachable.promise }
}

it('lets a relay say that it only introduces before anybody asks it for a block', async () => {
  const { sessions, client, answer } = await sessionsWith()
  expect(await sessions.isSilent(client), 'nobody asks it').toBe(false)

  const ended = new AbortController()
  const joined = sessions.join(ended.signal)
  const said: unknown[] = []
  const silent = sessions.isSilent(client).then((is) => said.push(is))
  await expect(sessions.isSilent(client, { signal: AbortSignal.timeout(50) })).rejects.toThrow('timeout')
  expect(said).toEqual([])

  answer.resolve({ serving: false } as RelayInfo)
  await silent
  expect(said).toEqual([true])
  ended.abort()
  await joined
  await sessions.stop()
})

it('does not take a relay that does not answer for one that only introduces', async () => {
  const { sessions, client, answer, unreachable } = await sessionsWith()
  const ended = new AbortController()
  const joined = sessions.join(ended.signal)
  expect(sessions.unreachable).toBe(false)
  answer.reject(new BlackholeError('unavailable', 'It is down'))
  expect(await sessions.isSilent(client)).toBe(false)
  await unreachable
  expect(sessions.unreachable).toBe(true)
  ended.abort()
  await joined
  await sessions.stop()
})

it('tells of a relay that answers but whose peer can not be dialled', async () => {
  const { sessions, answer, errors, unreachable } = await sessionsWith()
  const ended = new AbortController()
  const joined = sessions.join(ended.signal)
  answer.resolve(await unreachableInfo())
  await unreachable
  expect(sessions.unreachable).toBe(true)
  expect(errors.join()).toMatch(/the relay http:\/\/localhost:1: .*(127\.0\.0\.1|ECONNREFUSED|dial)/i)
  ended.abort()
  await joined
  await sessions.stop()
})

it('makes the node anew when it could not be made', async () => {
  let failures = 1
  const { sessions, answer, errors, means } = await sessionsWith({
    swarm: () => {
      if (failures-- > 0) throw new Error('No memory')
      return newSwarm()
    },
  })
  const ended = new AbortController()
  const joined = sessions.join(ended.signal)
  answer.resolve(await unreachableInfo())
  const { node, relays } = await means
  expect(node).toMatchObject({ status: 'started' })
  expect(errors).toEqual(['the relay http://localhost:1: Error: No memory'])
  await joined
  expect(relays()).toHaveLength(1)
  ended.abort()
  await sessions.stop()
  expect(node).toMatchObject({ status: 'stopped' })
})

const stranger = { addresses: [], have: 10, total: 10 }

it.each([
  ['is no base64', 'not base64!'],
  ['is no answer of a tracker', btoa('\xff\xff\xff\xff')],
  ['refuses', base64Of({ error: 'go away' })],
  [
    'names more than a tracker may',
    base64Of({
      peers: Array.from({ length: MAX_TRACKER_PEERS + 1 }, () => ({ ...stranger, id: new Uint8Array([0, 0]) })),
    }),
  ],
])('keeps a token whose swarm %s, and says so', async (_what, named) => {
  const token = { token: 'a.b.c', expires: new Date(Date.now() + 600_000).toISOString() }
  const { sessions, answer, errors } = await sessionsWith({
    swarmToken: () => Promise.resolve({ ...token, swarm: named }),
  })
  const ended = new AbortController()
  const joined = sessions.join(ended.signal)
  answer.resolve(await unreachableInfo())
  await expect
    .poll(() => errors.filter((error) => error.startsWith('the peers that came with a token')))
    .toHaveLength(1)
  expect(await sessions.tokens.token()).toBe('a.b.c')
  ended.abort()
  await joined
  await sessions.stop()
})

function base64Of(reply: Partial<AnnounceReply>): string {
  return Buffer.from(
    AnnounceReply.encode({ intervalMs: 0, peers: [], swarmPeers: 0, swarmHolders: 0, error: '', ...reply }),
  ).toString('base64')
}

function newSwarm(): Swarm {
  const unused = (): never => {
    throw new BlackholeError('unsupported', 'Not in this test')
  }
  return new Swarm(
    { store: new MemoryPieceStore(), now: Date.now, random: () => 0.5, verifyToken: unused, token: unused },
    { site, self: 'self' },
  )
}

/** A relay whose peer is at a port where nothing listens. */
async function unreachableInfo(): Promise<RelayInfo> {
  const peerId = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
  return { serving: true, peerId, addresses: ['/ip4/127.0.0.1/tcp/1/ws'], stun: [] } as unknown as RelayInfo
}
