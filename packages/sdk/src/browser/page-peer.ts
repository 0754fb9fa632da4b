import type { SiteState } from '@blackhole/site'
import type { PieceStore } from '@blackhole/swarm'
import type { DeviceConditions } from '../host/device-conditions.ts'
import { HostElection, type Locks } from '../host/election.ts'
import type { HostChannel, HostState } from '../host/host-channel.ts'
import { sharingPolicy, type SharingDecision } from '../host/sharing-policy.ts'
import type { LoadedPeer, PageStatus } from '../loader/loader-config.ts'
import type { ConnectionBudget } from '../peer/connection-budget.ts'
import { Prefetcher, type VisitedPage } from '../ahead/next-page/prefetcher.ts'
import type { BlockFetchOptions } from '../peer/block-provider.ts'
import { AheadFetcher } from '../ahead/film/ahead-fetcher.ts'
import { SitePeer } from '../peer/site-peer.ts'
import type { RelayClient } from '../relay-client/relay-client.ts'
import { sleep } from '../sleep.ts'
import { CounterWriter } from './counter-writer.ts'
import type { PageBlockProvider } from './page-block-provider.ts'
import type { PageConfig } from './page-config.ts'
import type { SwarmTiming } from './swarm-timing.ts'
import { VisitorReporter } from './visitor-reporter.ts'

/** What a page's peer works with. */
export interface PagePeerComponents {
  readonly store: PieceStore
  readonly state: SiteState
  readonly relays: readonly RelayClient[]
  readonly provider: PageBlockProvider
  readonly channel: HostChannel
  readonly conditions: DeviceConditions
  /** Resolves when the worker answers for this page, or is not going to. */
  readonly worker: Promise<unknown>
  readonly locks: Locks | undefined
  readonly now: () => number
  readonly random: () => number
  readonly timing: SwarmTiming
  /** Connections that the tab may still make. Default: those of one page. */
  readonly budget?: ConnectionBudget | undefined
  /** The page, for fetching ahead. Default: nothing is fetched ahead. */
  readonly page?: VisitedPage | undefined
  /** How long this page took to load, in ms; undefined while it loads. */
  readonly loadMs: () => number | undefined
  readonly onError: (what: string, error: unknown) => void
}

/** Setting of the origin: the visitor takes no part. The worker reads it too. */
export const OPTED_OUT = 'opted-out'

/** Setting of the origin: the visitor has agreed, where the site asks first. */
export const AGREED = 'agreed'

/**
 * The part of a page in its site's swarm: hosts the peer when it is elected,
 * follows the page that does otherwise, and keeps to what a guest may be asked for.
 *
 * Events: `statuschange` (detail {@link PageStatus}), `update` (a newer version
 * is known, detail its number), `consent` (the visitor has to be asked).
 */
export class PagePeer extends EventTarget implements LoadedPeer {
  readonly joined: Promise<void>
  readonly #components: PagePeerComponents
  readonly #config: PageConfig
  readonly #election: HostElection
  readonly #counters: CounterWriter
  readonly #resolveJoined: () => void
  #peer: SitePeer | undefined
  #ahead: AbortController | undefined
  #host: HostState | undefined
  #optedOut = false
  #agreed = false
  #version = 0
  #hasJoined = false

  constructor(components: PagePeerComponents, config: PageConfig) {
    super()
    this.#components = components
    this.#config = config
    this.#counters = new CounterWriter({
      state: components.state,
      sleep,
      onWritten: () => {
        this.#changed()
      },
    })
    this.#election = new HostElection(
      {
        locks: components.locks,
        host: (signal) => this.#hostPeer(signal),
        onError: (error) => {
          components.onError('hosting', error)
        },
      },
      { site: config.site },
    )
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.joined = Promise.all([promise, components.worker]).then(() => undefined)
    this.#resolveJoined = () => {
      resolve(undefined)
    }
  }

  /** Reads the visitor's choices and begins to take part. */
  async start(): Promise<void> {
    const { state, conditions, channel } = this.#components
    const isSet = async (setting: string): Promise<boolean> =>
      (await state.setting(setting).catch(() => undefined)) === true
    const device = conditions.start()
    const [optedOut, agreed] = await Promise.all([isSet(OPTED_OUT), isSet(AGREED)])
    this.#optedOut = optedOut
    this.#agreed = !this.#config.consent || agreed
    channel.addEventListener('state', ({ detail }) => {
      this.#follow(detail)
    })
    channel.addEventListener('ask', () => {
      this.#tell()
    })
    channel.addEventListener('opt', ({ detail }) => {
      this.#setOut(detail)
    })
    conditions.addEventListener('change', () => {
      this.#apply()
    })
    await device
    if (!this.#agreed && !this.#optedOut) this.dispatchEvent(new CustomEvent('consent'))
    this.#apply()
    channel.ask()
  }

  /** Stops hosting at once, for a page that closes or is frozen; `resume` takes part again. */
  suspend(): void {
    this.#counters.flush()
    void this.#election.stop()
  }

  resume(): void {
    this.#apply()
  }

  /** The worker has counted: the status has changed. */
  refresh(): void {
    this.#changed()
  }

  /** What the policy says now. */
  get sharing(): SharingDecision {
    return sharingPolicy({ optedOut: this.#optedOut || !this.#agreed, ...this.#components.conditions.current })
  }

  async status(): Promise<PageStatus> {
    const { local, peers, http, shared } = await this.#counters.read()
    const role = !this.sharing.join ? 'off' : this.#peer === undefined ? 'guest' : 'host'
    return {
      role,
      peers: role === 'off' ? 0 : (this.#peer?.peers ?? this.#host?.peers ?? 0),
      received: { local, peers, http },
      shared,
    }
  }

  async setOptedOut(out: boolean): Promise<void> {
    const { state, channel } = this.#components
    channel.opt(out)
    this.#setOut(out)
    // A choice that can't be stored holds for the pages that are open.
    await state.setSetting(OPTED_OUT, out || undefined).catch(() => undefined)
    if (!out) await state.setSetting(AGREED, true).catch(() => undefined)
  }

  #setOut(out: boolean): void {
    this.#optedOut = out
    if (!out) this.#agreed = true
    this.#apply()
  }

  /** Does what the policy says. */
  #apply(): void {
    const { join, upload, rate } = this.sharing
    if (join) this.#election.start()
    else void this.#election.stop()
    this.#peer?.setUploads(upload ? rate : 0)
    // Metered, saving data, low battery, hidden, opted out: a guess is not worth that.
    if (!this.#mayPrefetch) this.#ahead?.abort()
    else if (this.#ahead?.signal.aborted !== false && this.#hasJoined) this.#fetchAhead(this.#peer)
    this.#changed()
  }

  /** Hosts until the signal is aborted. Leaving the swarm goes on in the background: the next host must not wait for it. */
  async #hostPeer(signal: AbortSignal): Promise<void> {
    const { store, state, relays, now, random, timing, onError, provider, budget } = this.#components
    const { site, settings, allowPrivate, report } = this.#config
    const peer = await SitePeer.create(
      { store, state, relays, now, random, onError, budget },
      {
        ...settings,
        site,
        ...(allowPrivate === undefined ? {} : { allowPrivate }),
      },
    )
    this.#peer = peer
    peer.addEventListener('peers', () => {
      this.#changed()
    })
    peer.addEventListener('shared', ({ detail }) => {
      this.#counters.add('shared', detail)
    })
    peer.addEventListener('received', ({ detail: { source, bytes } }) => {
      if (source !== 'local') this.#counters.add(source, bytes)
    })
    peer.addEventListener('dial', ({ detail }) => {
      timing.dialled(detail)
    })
    peer.addEventListener('ban', ({ detail }) => {
      timing.banned(detail)
    })
    peer.addEventListener('version', ({ detail }) => {
      this.#onVersion(detail.record.sequence)
      if (this.#hasJoined) this.#fetchAhead(peer)
    })
    void peer.joined.then(() => {
      this.#onJoined()
      if (this.#peer === peer) this.#fetchAhead(peer)
    })
    if (report) void this.#reporter(peer).run(signal)
    const isOver = (): void => {
      this.#ahead?.abort()
    }
    signal.addEventListener('abort', isOver, { once: true })
    const ahead = new AheadFetcher(
      {
        swarm: peer.swarm,
        blocks: peer.blocks,
        now,
        mayFetch: () => this.#mayPrefetch,
        onBytes: (bytes) => {
          this.#counters.add('peers', bytes)
        },
      },
      { self: peer.id },
    )
    try {
      peer.start()
      provider.use(peer, ahead)
      this.#apply()
      await aborted(signal)
    } finally {
      this.#peer = undefined
      provider.use(undefined)
      ahead.stop()
      peer.stop().catch((error: unknown) => {
        onError('leaving the swarm', error)
      })
      this.#changed()
    }
  }

  #reporter(peer: SitePeer): VisitorReporter {
    const { state, loadMs, onError } = this.#components
    return new VisitorReporter({
      state,
      loadMs,
      onError,
      counters: () => this.#counters.read(),
      send: (report, options) => peer.report(report, options),
    })
  }

  get #mayPrefetch(): boolean {
    return this.sharing.reason === 'sharing'
  }

  /** Fetches what may come next, once others can be asked and while the device allows it; begun anew when it does again. */
  #fetchAhead(peer: SitePeer | undefined): void {
    const { page, state, now, onError, store } = this.#components
    const manifest = peer?.versions.current?.manifest
    if (page === undefined || peer === undefined || manifest === undefined || !this.#mayPrefetch) return
    this.#ahead?.abort()
    this.#ahead = new AbortController()
    const source = {
      manifest,
      hasMany: (cids: readonly string[]) => store.hasMany(cids),
      get: (cid: string, options: BlockFetchOptions) => peer.blocks.get(cid, options),
    }
    void new Prefetcher({ state, page, now, onError }).run(source, this.#ahead.signal)
  }

  #onJoined(): void {
    this.#hasJoined = true
    this.#resolveJoined()
    this.#changed()
  }

  #onVersion(version: number): void {
    const before = this.#version
    if (version <= before) return
    this.#version = version
    this.#tell()
    if (before !== 0) this.dispatchEvent(new CustomEvent('update', { detail: version }))
  }

  /** A guest hears of the host. */
  #follow(state: HostState): void {
    if (this.#peer !== undefined) return
    this.#host = state
    if (state.joined) this.#resolveJoined()
    this.#onVersion(state.version)
    this.#changed()
  }

  #tell(): void {
    if (this.#peer === undefined) return
    this.#components.channel.tell({
      peers: this.#peer.peers,
      joined: this.#hasJoined,
      version: this.#version,
      sharing: this.sharing.upload,
    })
  }

  #changed(): void {
    this.#tell()
    this.status()
      .then((detail) => {
        this.dispatchEvent(new CustomEvent('statuschange', { detail }))
      })
      .catch((error: unknown) => {
        this.#components.onError('the status', error)
      })
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<undefined>()
  signal.addEventListener(
    'abort',
    () => {
      resolve(undefined)
    },
    { once: true },
  )
  await promise
}
