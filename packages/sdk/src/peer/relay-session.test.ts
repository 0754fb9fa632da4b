import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection } from '@libp2p/interface'
import { pbStream } from '@libp2p/utils'
import { TypedEventEmitter } from 'main-event'
import { expect, it } from 'vitest'
import { Announce, AnnounceReply, siteNameOf } from '@blackhole/protocol'
import { sleep } from '../sleep.ts'
import { relayThat } from './relay-harness.ts'
import type { RelayLink, RelayLinkEvents } from './relay-link.ts'
import { RelaySession, type RelaySessionInit } from './relay-session.ts'
import type { SwarmLinks } from './swarm-links.ts'
import type { SwarmTokens } from './swarm-tokens.ts'
import type { TrackerAnswer } from './tracker-client.ts'

const site = siteNameOf((await generateKeyPair('Ed25519')).publicKey)

interface Announced {
  readonly have: number
  readonly at: number
}

/** A relay that is always connected, whose tracker notes what is announced. */
class Link extends TypedEventEmitter<RelayLinkEvents> {
  readonly peer = 'relay'
  readonly announces: Announced[] = []
  /** Announcements wait for it. */
  answering: Promise<unknown> = Promise.resolve()
  connection: Connection | undefined

  start(): void {
    const relay = relayThat(async (stream) => {
      const messages = pbStream(stream)
      const { have } = await messages.read(Announce)
      this.announces.push({ have, at: performance.now() })
      await this.answering
      await messages.write({ intervalMs: 60_000, peers: [], swarmPeers: 0, swarmHolders: 0, error: '' }, AnnounceReply)
    })
    this.connection = relay as Connection
    this.safeDispatchEvent('up', { detail: this.connection })
  }

  async stop(): Promise<void> {
    this.safeDispatchEvent('down')
    await Promise.resolve()
  }
}

/** A session of a peer that holds what the test says. */
function sessionOf(init: Partial<RelaySessionInit> = {}): {
  session: RelaySession
  link: Link
  announces: readonly Announced[]
  hold: (pieces: number) => void
} {
  const link = new Link()
  let have = 0
  const session = new RelaySession(
    {
      link: link as unknown as RelayLink,
      links: { open: () => Promise.resolve() } as unknown as SwarmLinks,
      tokens: { token: () => Promise.resolve('t') } as unknown as SwarmTokens,
      random: () => 0.5,
      standing: () => ({ root: new Uint8Array(0), have, total: 100, want: 5 }),
      onError: () => undefined,
    },
    { site, ...init },
  )
  const hold = (pieces: number): void => {
    have = pieces
    session.announceSoon()
  }
  return { session, link, announces: link.announces, hold }
}

it('announces the first pieces at once, so that who comes in the same second is told of them', async () => {
  const { session, announces, hold } = sessionOf()
  session.start()
  await expect.poll(() => announces.length).toBe(1)
  hold(3)
  await expect.poll(() => announces.at(-1)?.have).toBe(3)
  const [first, second] = announces
  expect((second?.at ?? Infinity) - (first?.at ?? 0)).toBeLessThan(500)
  await session.stop()
})

it('announces less often when there is news again and again, and all of it in the end', async () => {
  const { session, announces, hold } = sessionOf({ announceGapMs: 10, maxAnnounceGapMs: 160 })
  session.start()
  await expect.poll(() => announces.length).toBe(1)
  // 1 s of news; gaps of 10, 20, 40, 80 and then 160 ms leave room for 10 announces.
  for (let piece = 1; piece <= 100; piece++) {
    hold(piece)
    await sleep(10)
  }
  await expect.poll(() => announces.at(-1)?.have).toBe(100)
  expect(announces.length).toBeLessThan(20)
  await session.stop()
})

const introduction = (swarmPeers: number): TrackerAnswer => ({
  intervalMs: 1_000,
  peers: [],
  swarmPeers,
  swarmHolders: 0,
})

it('tells whom the relay named with its token once it is connected, before an announcement is answered', async () => {
  const { session, link } = sessionOf()
  const answered = Promise.withResolvers<undefined>()
  link.answering = answered.promise
  const answers: number[] = []
  session.addEventListener('answer', ({ detail }) => answers.push(detail.swarmPeers))
  session.introduce(introduction(7))
  expect(answers, 'nobody can be dialled yet').toEqual([])
  session.start()
  expect(answers).toEqual([7])
  session.introduce(introduction(8))
  expect(answers).toEqual([7, 8])
  expect(session.announced).toBe(false)
  answered.resolve(undefined)
  await expect.poll(() => answers).toEqual([7, 8, 0])
  // The tracker knows better by now.
  session.introduce(introduction(9))
  expect(answers).toEqual([7, 8, 0])
  await session.stop()
})
