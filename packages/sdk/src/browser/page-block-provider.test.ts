import { TypedEventEmitter } from 'main-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { NotFoundError } from '@blackhole/protocol'
import type { AheadFetcher } from '../ahead/film/ahead-fetcher.ts'
import type { SitePeer, SitePeerEvents } from '../peer/site-peer.ts'
import { PageBlockProvider } from './page-block-provider.ts'

const BYTES = Uint8Array.of(1, 2, 3)

/** A peer that joins when it is told to, and has what it is given only then. */
class FakePeer extends TypedEventEmitter<SitePeerEvents> {
  readonly #joining = Promise.withResolvers<undefined>()
  readonly joined = this.#joining.promise
  peers = 0
  readonly hasStandIn = false
  readonly known = new Set<string>()
  readonly wanted: string[] = []
  readonly swarm = Object.assign(new EventTarget(), {
    availability: (_: string, { lastResort = true } = {}): number => (lastResort ? 1 : this.peers),
    isComing: () => false,
    holds: (cid: string): boolean | undefined => (this.known.has(cid) ? false : undefined),
    prefetch: (cids: readonly string[]): Promise<void> => Promise.resolve(void this.wanted.push(...cids)),
  })
  readonly blocks = {
    fromPeers: (cid: string): Promise<{ bytes: Uint8Array<ArrayBuffer>; source: 'peers' }> =>
      this.peers === 0 ? Promise.reject(new NotFoundError(cid)) : Promise.resolve({ bytes: BYTES, source: 'peers' }),
  }

  join(peers: number): void {
    this.peers = peers
    this.safeDispatchEvent('peers', { detail: peers })
    this.#joining.resolve(undefined)
  }
}

function hosting(): { provider: PageBlockProvider; peer: FakePeer; states: unknown[] } {
  const [provider, peer, states] = [new PageBlockProvider(), new FakePeer(), [] as unknown[]]
  provider.addEventListener('state', ({ detail }) => {
    states.push(detail)
  })
  provider.use(peer as unknown as SitePeer)
  return { provider, peer, states }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('PageBlockProvider', () => {
  it('of a guest has nothing', async () => {
    const provider = new PageBlockProvider()
    expect([provider.role(), provider.peers(), provider.available(['a'])]).toEqual(['guest', 0, [false]])
    await expect(provider.fetch('a')).rejects.toMatchObject({ name: 'NotFoundError' })
  })

  it('of a host tells its state as it changes, and is a guest again when it stops', () => {
    const { provider, peer, states } = hosting()
    peer.join(2)
    provider.use(undefined)
    peer.join(3)
    expect(states).toEqual([
      { role: 'host', peers: 0 },
      { role: 'host', peers: 2 },
      { role: 'guest', peers: 0 },
    ])
  })

  it('waits for a peer that is still joining, instead of saying that nobody has a block', async () => {
    const { provider, peer } = hosting()
    const fetched = provider.fetch('a')
    peer.join(1)
    expect(await fetched).toEqual({ bytes: BYTES, source: 'peers' })
    expect(provider.available(['a'])).toEqual([true])
  })

  it('says at once that nobody has it when the peer has joined alone', async () => {
    const { provider, peer } = hosting()
    peer.join(0)
    await expect(provider.fetch('a')).rejects.toMatchObject({ name: 'NotFoundError' })
  })

  it('stops waiting when the worker does', async () => {
    const { provider } = hosting()
    const controller = new AbortController()
    const fetched = provider.fetch('a', { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(fetched).rejects.toThrow('enough')
  })

  it('tells once that holders may have changed, when much of it comes together', async () => {
    const { provider, peer } = hosting()
    let told = 0
    provider.addEventListener('holders', () => told++)
    const next = new Promise((resolve) => provider.addEventListener('holders', resolve, { once: true }))
    for (let at = 0; at < 100; at++) peer.swarm.dispatchEvent(new Event('peer:update'))
    await next
    expect(told).toBe(1)
    provider.use(undefined)
  })

  it('does not speak of holders any more once it is a guest: nobody would hold anything', async () => {
    vi.useFakeTimers()
    const { provider, peer } = hosting()
    let told = 0
    provider.addEventListener('holders', () => told++)
    peer.swarm.dispatchEvent(new Event('peer:remove'))
    provider.use(undefined)
    await vi.runAllTimersAsync()
    expect(told).toBe(0)
    provider.use(peer as unknown as SitePeer)
    peer.swarm.dispatchEvent(new Event('peer:add'))
    await vi.runAllTimersAsync()
    expect(told).toBe(1)
  })

  it('gets nothing for later of which it does not know yet', async () => {
    const peer = new FakePeer()
    const provider = new PageBlockProvider()
    const { signal } = new AbortController()
    provider.use(peer as unknown as SitePeer, { mayFetch: true } as unknown as AheadFetcher)
    peer.known.add('old')
    expect(provider.prefetch(['old', 'new'], { signal })).toBe(undefined)
    peer.known.add('new')
    await provider.prefetch(['old', 'new'], { signal })
    expect(peer.wanted).toEqual(['old', 'new'])
  })

  it('passes records on', () => {
    const { provider, peer } = hosting()
    const records: Uint8Array[] = []
    provider.addEventListener('record', ({ detail }) => {
      records.push(detail.record)
    })
    peer.safeDispatchEvent('record', { detail: BYTES })
    expect(records).toEqual([BYTES])
  })
})
