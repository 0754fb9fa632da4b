import type { Connection, Startable, Stream } from '@libp2p/interface'
import { BlackholeError, CDN_PROTOCOL, CONTROL_TIMEOUT_MS, NotFoundError, allPieces } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { Swarm } from '@blackhole/swarm'
import type { Logger } from 'pino'
import type { BlockVault } from '../content/block-vault.ts'
import type { ContentSwitch } from '../content/content-switch.ts'
import type { SiteContents } from '../content/site-contents.ts'
import type { Publisher } from '../hosting/publisher.ts'
import { MAX_CDN_STREAMS_PER_CONNECTION, MAX_CONNECTIONS, SEEDED_VERSIONS, UPLOAD_SLOTS_PER_SITE } from '../limits.ts'
import type { Uplink } from '../http/uplink.ts'
import type { Metrics } from '../metrics.ts'
import type { RelayNode } from '../net/node.ts'
import type { SiteTable, StoredSite } from '../state/site-table.ts'
import type { SwarmTokens } from '../tokens.ts'
import { peekSite } from './peek-hello.ts'
import { VaultPieceStore } from './vault-piece-store.ts'

/** What {@link LastResort} works with. */
export interface LastResortComponents {
  node: RelayNode
  sites: SiteTable
  contents: SiteContents
  vault: BlockVault
  tokens: SwarmTokens
  publisher: Publisher
  contentSwitch: ContentSwitch
  metrics: Metrics
  /** The line that answers over HTTP share. */
  uplink: Pick<Uplink, 'passed'> | undefined
  log: Logger
  now: () => number
  random: () => number
}

/**
 * The relay as a peer of last resort, in the swarm of every site that it
 * holds: `/blackhole/cdn/1.0.0`, for pieces that no visitor has. A site's
 * swarm lives while somebody is connected to it.
 */
export class LastResort implements Startable {
  readonly #components: LastResortComponents
  readonly #swarms = new Map<SiteName, Promise<Swarm>>()
  /** Roots of the versions that each swarm has. */
  readonly #seeded = new WeakMap<Swarm, Set<string>>()
  /** Streams on their way into a swarm, which must not end meanwhile. */
  readonly #greeting = new Map<SiteName, number>()

  constructor(components: LastResortComponents) {
    this.#components = components
  }

  /** Swarms that the relay is in now. */
  get swarms(): number {
    return this.#swarms.size
  }

  async start(): Promise<void> {
    const { node, publisher, contentSwitch } = this.#components
    await node.handle(CDN_PROTOCOL, (stream, connection) => this.#serve(stream, connection), {
      maxInboundStreams: MAX_CDN_STREAMS_PER_CONNECTION,
    })
    publisher.addEventListener('publish', this.#onPublish)
    contentSwitch.addEventListener('change', this.#onSwitch)
  }

  async stop(): Promise<void> {
    const { node, publisher, contentSwitch } = this.#components
    publisher.removeEventListener('publish', this.#onPublish)
    contentSwitch.removeEventListener('change', this.#onSwitch)
    await node.unhandle(CDN_PROTOCOL)
    await this.#stopAll()
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const { contentSwitch, sites, log } = this.#components
    const peer = connection.remotePeer.toString()
    try {
      if (!contentSwitch.serving) throw new BlackholeError('unavailable', 'This relay serves no content')
      const name = await peekSite(stream, { signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS) })
      const site = sites.get(name)
      if (site === undefined) throw new NotFoundError(`The site ${name}`)
      await this.#greet(site, { peer, stream })
    } catch (error) {
      log.debug({ err: error, peer }, 'a stream for pieces was refused')
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #greet(site: StoredSite, link: { peer: string; stream: Stream }): Promise<void> {
    this.#greeting.set(site.name, (this.#greeting.get(site.name) ?? 0) + 1)
    let swarm: Swarm | undefined
    try {
      swarm = await this.#swarmOf(site)
      await swarm.addStream({ ...link, direction: 'inbound' })
    } finally {
      const left = (this.#greeting.get(site.name) ?? 1) - 1
      if (left > 0) this.#greeting.set(site.name, left)
      else this.#greeting.delete(site.name)
      if (swarm !== undefined) this.#retireSoon(site.name, swarm)
    }
  }

  #swarmOf(site: StoredSite): Promise<Swarm> {
    const existing = this.#swarms.get(site.name)
    if (existing !== undefined) return existing
    const made = this.#makeSwarm(site)
    this.#swarms.set(site.name, made)
    made.catch(() => this.#swarms.delete(site.name))
    return made
  }

  async #makeSwarm(site: StoredSite): Promise<Swarm> {
    const { vault, contentSwitch, tokens, metrics, uplink, node, now, random } = this.#components
    const self = node.peerId.toString()
    const swarm = new Swarm(
      {
        store: new VaultPieceStore({ vault, contentSwitch }),
        now: () => now(),
        random: () => random(),
        verifyToken: async (token, peer) => {
          await tokens.verify(token, site.name, peer)
        },
        token: async () => (await tokens.issue(site.name, self)).token,
      },
      {
        site: site.name,
        self,
        lastResort: true,
        maxPeers: MAX_CONNECTIONS,
        uploadSlots: UPLOAD_SLOTS_PER_SITE,
        maxUploadBytesPerSecond: Infinity,
      },
    )
    swarm.addEventListener('upload', (event) => {
      metrics.sent('p2p', event.detail.bytes)
      uplink?.passed(event.detail.bytes)
    })
    swarm.addEventListener('peer:remove', () => {
      this.#retireSoon(site.name, swarm)
    })
    swarm.start()
    try {
      for (const root of this.#rootsToSeed(site.name)) await this.#addVersion(swarm, root)
    } catch (error) {
      await swarm.stop()
      throw error
    }
    return swarm
  }

  /** Roots of the newest versions; one root may be that of several, after a rollback. */
  #rootsToSeed(name: SiteName): Set<string> {
    const versions = this.#components.sites.versions(name).slice(0, SEEDED_VERSIONS)
    return new Set(versions.map(({ root }) => root))
  }

  async #addVersion(swarm: Swarm, root: string): Promise<void> {
    const { manifest } = await this.#components.contents.get(root)
    await swarm.addVersion(root, allPieces(manifest))
    this.#seeded.set(swarm, (this.#seeded.get(swarm) ?? new Set()).add(root))
  }

  /** Ends a swarm that nobody is connected to. In the background: nobody waits for it, and a failure must not end the relay. */
  #retireSoon(name: SiteName, swarm: Swarm): void {
    this.#retire(name, swarm).catch((error: unknown) => {
      this.#components.log.error({ err: error, site: name }, 'a swarm without visitors is not left')
    })
  }

  async #retire(name: SiteName, swarm: Swarm): Promise<void> {
    if ((await this.#swarms.get(name)) !== swarm || swarm.peers.length > 0 || this.#greeting.has(name)) return
    this.#swarms.delete(name)
    await swarm.stop()
  }

  async #stopAll(): Promise<void> {
    const swarms = [...this.#swarms.values()]
    this.#swarms.clear()
    await Promise.allSettled(swarms.map(async (swarm) => (await swarm).stop()))
  }

  readonly #onSwitch = (): void => {
    if (!this.#components.contentSwitch.serving) void this.#stopAll()
  }

  readonly #onPublish = (event: CustomEvent<StoredSite>): void => {
    const { name, root } = event.detail
    void this.#update(name, root).catch((error: unknown) => {
      this.#components.log.error({ err: error, site: name }, 'the new version is not seeded')
    })
  }

  async #update(name: SiteName, root: string): Promise<void> {
    const swarm = await this.#swarms.get(name)
    if (swarm === undefined) return
    await this.#addVersion(swarm, root)
    const seeded = this.#seeded.get(swarm) ?? new Set()
    const kept = this.#rootsToSeed(name)
    for (const old of seeded) {
      if (kept.has(old)) continue
      swarm.removeVersion(old)
      seeded.delete(old)
    }
  }
}
