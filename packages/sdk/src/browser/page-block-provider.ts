import { TypedEventEmitter } from 'main-event'
import { NotFoundError } from '@blackhole/protocol'
import type { ComingPiece, HolderPace } from '@blackhole/protocol'
import type { AheadFetcher } from '../ahead/film/ahead-fetcher.ts'
import type {
  BlockFetchOptions,
  BlockProvider,
  BlockProviderEvents,
  FetchedBlock,
  PageRole,
} from '../peer/block-provider.ts'
import type { SitePeer } from '../peer/site-peer.ts'
import { sleep } from '../sleep.ts'

/** A peer that has just started is waited for so long: the worker has a slower way to the bytes, or none. */
const JOIN_WAIT_MS = 3_000

/** Changes of who holds what are told together when they are this close: there may be one for each piece of each peer. */
const HOLDERS_MS = 50

/** Events of the swarm after which others, or we, may hold a piece. */
const HOLDER_EVENTS = ['peer:add', 'peer:update', 'peer:remove', 'piece'] as const

/** What the bridge gives the worker: the page's peer while this page hosts, nothing while it is a guest. */
export class PageBlockProvider extends TypedEventEmitter<BlockProviderEvents> implements BlockProvider {
  #peer: SitePeer | undefined
  #ahead: Pick<AheadFetcher, 'set' | 'asked' | 'arrival' | 'isFromRelay' | 'mayFetch'> | undefined
  #detach: (() => void) | undefined
  #telling: ReturnType<typeof setTimeout> | undefined

  /** This page hosts now, or no longer does. */
  use(
    peer: SitePeer | undefined,
    ahead?: Pick<AheadFetcher, 'set' | 'asked' | 'arrival' | 'isFromRelay' | 'mayFetch'>,
  ): void {
    this.#detach?.()
    // What a guest would say of holders is no news.
    clearTimeout(this.#telling)
    this.#telling = undefined
    this.#peer = peer
    this.#ahead = peer === undefined ? undefined : ahead
    if (peer !== undefined) {
      const changed = (): void => {
        this.#changed()
      }
      const onRecord = ({ detail }: CustomEvent<Uint8Array<ArrayBuffer>>): void => {
        this.safeDispatchEvent('record', { detail: { record: detail } })
      }
      peer.addEventListener('peers', changed)
      peer.addEventListener('record', onRecord)
      for (const event of HOLDER_EVENTS) peer.swarm.addEventListener(event, this.#holdersChanged)
      this.#detach = () => {
        peer.removeEventListener('peers', changed)
        peer.removeEventListener('record', onRecord)
        for (const event of HOLDER_EVENTS) peer.swarm.removeEventListener(event, this.#holdersChanged)
      }
    }
    this.#changed()
  }

  available(cids: readonly string[]): boolean[] {
    const peer = this.#peer
    if (peer === undefined) return cids.map(() => false)
    return cids.map((cid) => peer.swarm.availability(cid, { lastResort: false }) > 0 || peer.hasStandIn)
  }

  coming(cids: readonly string[]): boolean[] {
    return cids.map((cid) => this.#peer?.swarm.isComing(cid) === true)
  }

  here(cids: readonly string[]): boolean[] {
    const swarm = this.#peer?.swarm
    return cids.map((cid) => swarm?.holds(cid) === true || swarm?.unstored(cid) !== undefined)
  }

  prefetch(cids: readonly string[], { signal }: { readonly signal: AbortSignal }): Promise<void> | undefined {
    const peer = this.#peer
    if (peer === undefined || peer.hasStandIn || this.#ahead?.mayFetch !== true) return undefined
    // A newer version than this page knows: who holds it can't be told yet.
    if (cids.some((cid) => peer.swarm.holds(cid) === undefined)) return undefined
    return peer.swarm.prefetch(cids, { signal, lastResort: false })
  }

  paces(cids: readonly string[]): HolderPace[] {
    return cids.map((cid) => {
      const pace = this.#peer?.swarm.pace(cid) ?? { rttMs: 0, bytesPerSecond: 0, queuedBytes: 0 }
      return this.#ahead?.isFromRelay(cid) === true ? { ...pace, overHttp: true } : pace
    })
  }

  async fetch(cid: string, options: BlockFetchOptions = {}): Promise<FetchedBlock> {
    const peer = this.#peer
    if (peer === undefined) throw new NotFoundError(`Block ${cid}`)
    const joined = new AbortController()
    const signal = options.signal === undefined ? joined.signal : AbortSignal.any([options.signal, joined.signal])
    // A peer that is still joining would say at once that nobody has it.
    await Promise.race([
      peer.joined.then(() => {
        joined.abort()
      }),
      sleep(JOIN_WAIT_MS, { signal }).catch(() => undefined),
    ])
    options.signal?.throwIfAborted()
    try {
      this.#ahead?.asked(cid)
      return await peer.blocks.fromPeers(cid, {
        ...options,
        patient: options.patient === true && this.#isWorthWaiting(cid, peer),
      })
    } catch (error) {
      options.signal?.throwIfAborted()
      // Nobody has it yet, and it is on its way: from a relay, or to somebody who will have it.
      if ((await this.#ahead?.arrival(cid, options)) === true) return await peer.blocks.fromPeers(cid, options)
      options.signal?.throwIfAborted()
      // The worker asks relays itself, but knows of its own alone.
      if (!peer.hasStandIn) throw error
      return await peer.blocks.fromRelays(cid, options)
    }
  }

  /** Not where a relay stands in for those who hold nothing, nor for what this page is getting from a relay itself. */
  #isWorthWaiting(cid: string, peer: SitePeer): boolean {
    return !peer.hasStandIn && this.#ahead?.isFromRelay(cid) !== true
  }

  stored(cids: readonly string[]): void {
    // Only counts and announcements follow; nobody waits for them.
    void this.#peer?.stored(cids).catch(() => undefined)
  }

  ahead(stream: string, pieces: readonly ComingPiece[]): void {
    this.#ahead?.set(stream, pieces)
  }

  fetching(cids: readonly string[], over: boolean): void {
    this.#peer?.swarm.fetching(cids, over)
  }

  peers(): number {
    return this.#peer?.peers ?? 0
  }

  role(): PageRole {
    return this.#peer === undefined ? 'guest' : 'host'
  }

  readonly #holdersChanged = (): void => {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined
      this.safeDispatchEvent('holders')
    }, HOLDERS_MS)
  }

  #changed(): void {
    this.safeDispatchEvent('state', { detail: { role: this.role(), peers: this.peers() } })
  }
}
