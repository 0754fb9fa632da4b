import type { Startable } from '@libp2p/interface'
import type { GossipSub } from '@libp2p/gossipsub'
import type { KadDHT } from '@libp2p/kad-dht'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Logger } from 'pino'
import type { RelayInfo, SiteName } from '@blackhole/protocol'
import type { SiteRecord } from '@blackhole/site'
import type { RelayInit } from '../config.ts'
import type { BlockVault } from '../content/block-vault.ts'
import type { ContentSwitch } from '../content/content-switch.ts'
import type { PublishPolicy } from '../hosting/publish-policy.ts'
import type { Publisher } from '../hosting/publisher.ts'
import { MAX_HEARD_RECORD_BYTES, MAX_KNOWN_FELLOWS, MAX_TOLD_FELLOWS } from './limits.ts'
import type { RelayNode } from '../net/node.ts'
import type { SiteTable } from '../state/site-table.ts'
import type { SwarmTokens } from '../tokens.ts'
import type { SwarmRegistry } from '../tracker/swarm-registry.ts'
import type { FellowGate } from './fellow-gate.ts'
import { FellowLinks } from './fellow-links.ts'
import { FellowSwarms } from './fellow-swarms.ts'
import type { Fellow } from './fellows.ts'
import { Fellows } from './fellows.ts'
import { HeardRecords } from './heard-records.ts'
import { RecordGossip } from './record-gossip.ts'
import { Replicator } from './replicator.ts'
import { WantedSites } from './wanted-sites.ts'

/** What {@link Federation} works with. */
export interface FederationComponents {
  node: RelayNode
  dht: KadDHT
  pubsub: GossipSub
  gate: FellowGate
  sites: SiteTable
  vault: BlockVault
  contentSwitch: ContentSwitch
  publisher: Publisher
  policy: PublishPolicy
  tokens: SwarmTokens
  registry: SwarmRegistry
  log: Logger
  now: () => number
  random: () => number
  /** What this relay says of itself, fellows left out. */
  info: () => RelayInfo
}

/** Options of {@link Federation}. */
export interface FederationInit extends Pick<RelayInit, 'federationSecret' | 'replicate'> {
  configured: readonly Multiaddr[]
}

/** Everything that a relay has to do with other relays. */
export class Federation implements Startable {
  readonly fellows: Fellows
  readonly swarms: FellowSwarms
  readonly #gossip: RecordGossip
  readonly #links: FellowLinks
  readonly #replicator: Replicator
  readonly #wanted: WantedSites
  readonly #siteHosts = new Set<string>()

  constructor(components: FederationComponents, init: FederationInit) {
    const { sites, now } = components
    const heard = new HeardRecords({ sites, now }, { maxBytes: MAX_HEARD_RECORD_BYTES })
    this.swarms = new FellowSwarms({ ...components, fellows: () => this.fellows })
    this.fellows = new Fellows(
      { ...components, swarm: (request) => this.swarms.answer(request) },
      { secret: init.federationSecret, isConfigured: (peer) => this.#links.isConfigured(peer) },
    )
    this.#links = new FellowLinks({ ...components, fellows: this.fellows }, init)
    this.#gossip = new RecordGossip({ ...components, fellows: this.fellows, heard })
    this.#replicator = new Replicator({ ...components, fellows: this.fellows, heard })
    this.#wanted = new WantedSites(
      { ...components, fellows: this.fellows, heard, gossip: this.#gossip, replicator: this.#replicator },
      init,
    )
  }

  /** Messages of fellows that were refused as forged, malformed or replayed. */
  get rejected(): number {
    return this.#gossip.rejected
  }

  /** Fellows whose standing is so bad that their messages are not looked at. */
  get ignored(): number {
    return this.#gossip.ignored
  }

  async start(): Promise<void> {
    this.#gossip.addEventListener('record', this.#onRecord)
    this.#gossip.start()
    this.fellows.addEventListener('join', this.#onJoin)
    await this.fellows.start()
    this.#links.start()
  }

  async stop(): Promise<void> {
    await this.#links.stop()
    await this.fellows.stop()
    this.fellows.removeEventListener('join', this.#onJoin)
    this.#gossip.stop()
    this.#gossip.removeEventListener('record', this.#onRecord)
    this.#wanted.stop()
    await this.#replicator.stop()
  }

  /**
   * Waits, for a bounded time, until a site that this relay lacks is fetched from a fellow that has it. Never throws.
   *
   * @param address - of the visitor who asks
   */
  async want(name: SiteName, address: string): Promise<void> {
    await this.#wanted.want(name, address)
  }

  /** Fellows as visitors are told of them. */
  told(): NonNullable<RelayInfo['fellows']> {
    return this.fellows
      .list()
      .flatMap(({ info: { peerId, url, addresses } }) =>
        url === undefined ? [] : [{ peerId, url, addresses: addresses.slice(0, 8) }],
      )
      .slice(0, MAX_TOLD_FELLOWS)
  }

  /** Hosts of the per-site origins of fellows, port included; of those too that are gone, since their visitors come here. */
  siteHosts(): string[] {
    return [...this.#siteHosts]
  }

  readonly #onJoin = (event: CustomEvent<Fellow>): void => {
    const { siteHost } = event.detail.info
    this.#siteHosts.delete(siteHost)
    this.#siteHosts.add(siteHost)
    const [oldest] = this.#siteHosts
    if (this.#siteHosts.size > MAX_KNOWN_FELLOWS && oldest !== undefined) this.#siteHosts.delete(oldest)
  }

  readonly #onRecord = (event: CustomEvent<SiteRecord>): void => {
    this.#wanted.heard(event.detail)
  }
}
