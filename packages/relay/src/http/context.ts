import type { Hono } from 'hono'
import type { Logger } from 'pino'
import type { RelayInfo, SiteName } from '@blackhole/protocol'
import type { RelayInit } from '../config.ts'
import type { BlockVault } from '../content/block-vault.ts'
import type { ContentSwitch } from '../content/content-switch.ts'
import type { SiteContents } from '../content/site-contents.ts'
import type { Federation } from '../federation/federation.ts'
import type { DnsLink } from '../gateway/dnslink.ts'
import type { BlockReader } from '../gateway/tracing-reader.ts'
import type { PublishPolicy } from '../hosting/publish-policy.ts'
import type { Publisher } from '../hosting/publisher.ts'
import type { RefusedPublishers } from '../hosting/refused-publishers.ts'
import type { History } from '../history/history.ts'
import type { Metrics } from '../metrics.ts'
import type { PullZones } from '../pull/pull-zones.ts'
import type { SiteTable } from '../state/site-table.ts'
import type { SwarmTokens } from '../tokens.ts'
import type { SwarmRegistry } from '../tracker/swarm-registry.ts'
import type { Tracker } from '../tracker/tracker.ts'
import type { HostTarget, Hosts } from './hosts.ts'
import type { HttpBindings } from './node-listener.ts'
import type { ScriptFiles } from './script-files.ts'

/** What every route may use. Made once, when the relay starts. */
export interface HttpContext {
  readonly init: RelayInit
  readonly log: Logger
  readonly now: () => number
  readonly hosts: Hosts
  readonly dnslink: DnsLink | undefined
  readonly sites: SiteTable
  readonly contents: SiteContents
  readonly vault: BlockVault
  /** Helia's blocks, for following paths through any UnixFS content. */
  readonly blocks: BlockReader
  readonly publisher: Publisher
  readonly policy: PublishPolicy
  readonly refused: Pick<RefusedPublishers, 'check' | 'refused'>
  readonly tokens: SwarmTokens
  readonly registry: SwarmRegistry
  readonly metrics: Metrics
  readonly history: History
  readonly contentSwitch: ContentSwitch
  readonly pullZones: PullZones
  readonly scripts: ScriptFiles
  /** The other relays; undefined when this one is alone. */
  readonly federation: Pick<Federation, 'want' | 'siteHosts'> | undefined
  readonly adminToken: string
  readonly peerId: string
  readonly info: () => RelayInfo
  readonly siteUrl: (name: SiteName) => string
  readonly tracker: Pick<Tracker, 'announces' | 'introduce'>
}

/** Hono's view of a request: Node's own objects and whose origin it is for. */
export interface HttpEnv {
  Bindings: HttpBindings
  Variables: { target: HostTarget; address: string }
}

/** The application, whose handlers see {@link HttpEnv}. */
export type HttpApp = Hono<HttpEnv>
