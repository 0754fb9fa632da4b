import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Logger } from 'pino'
import { ValidationError } from '@blackhole/protocol'
import type { RelayInfo, SiteName } from '@blackhole/protocol'
import type { RelayInit } from './config.ts'
import { BlockVault } from './content/block-vault.ts'
import { Collector } from './content/collector.ts'
import { ContentSwitch } from './content/content-switch.ts'
import { createContentNode } from './content/helia.ts'
import { SiteContents } from './content/site-contents.ts'
import { FellowGate } from './federation/fellow-gate.ts'
import { fellowAddress, isPrivateAddress, isWebSocket } from './federation/fellow-address.ts'
import { Federation } from './federation/federation.ts'
import { NOBODY_ELSEWHERE } from './federation/fellow-swarms.ts'
import { federationServices } from './federation/services.ts'
import { DnsLink } from './gateway/dnslink.ts'
import { watch } from './history/watch.ts'
import { Hosting } from './hosting/hosting.ts'
import { PublishPolicy } from './hosting/publish-policy.ts'
import { Publisher } from './hosting/publisher.ts'
import { RefusedPublishers } from './hosting/refused-publishers.ts'
import { createApp } from './http/app.ts'
import type { HttpContext } from './http/context.ts'
import { FrontServer } from './http/front-server.ts'
import { Hosts } from './http/hosts.ts'
import { ScriptFiles } from './http/script-files.ts'
import { LastResort } from './last-resort/last-resort.ts'
import { uplinkOf } from './http/uplink-answers.ts'
import { nodeListener } from './http/node-listener.ts'
import { renewCertificate } from './http/renew-certificate.ts'
import { TlsFiles } from './http/tls-files.ts'
import { libp2pLogger } from './log.ts'
import { Metrics } from './metrics.ts'
import { webSocketAddresses } from './net/addresses.ts'
import { makeCertificate } from './net/certificate.ts'
import type { StoredCertificate } from './net/certificate.ts'
import { createNode, federationOf } from './net/node.ts'
import { endReservationsOnDisconnect } from './net/reservation-sweep.ts'
import { upgradeHandlerOf } from './net/upgrades.ts'
import { endpointsOf, infoOf } from './relay-info.ts'
import { BlockFiles } from './state/block-files.ts'
import { DataFolder } from './state/data-folder.ts'
import { openDatabase } from './state/database.ts'
import { SiteTable } from './state/site-table.ts'
import { SqliteDatastore } from './state/sqlite-datastore.ts'
import { StunServer } from './stun/server.ts'
import { SwarmTokens } from './tokens.ts'
import { Networks } from './tracker/networks.ts'
import { SwarmRegistry } from './tracker/swarm-registry.ts'
import { Tracker } from './tracker/tracker.ts'
import { resolveBySystem } from './pull/origin-request.ts'
import type { PullZoneStatus } from './pull/pull-zone.ts'
import { PullZones } from './pull/pull-zones.ts'
import { ZoneStore } from './pull/zone-store.ts'
import { RELAY_VERSION } from './version.ts'

/** What a relay uses of the world. */
export interface RelayComponents {
  log: Logger
  /** Milliseconds since 1970. */
  now: () => number
  /** 0 to 1, 1 excluded. */
  random: () => number
  /** TXT records for DNSLink; default: `node:dns`. */
  resolveTxt?: (name: string) => Promise<string[][]>
}

/** A relay that runs. */
export interface RunningParts {
  readonly url: string
  info: () => RelayInfo
  siteUrl: (name: SiteName) => string
  pullZones: () => readonly PullZoneStatus[]
  stop(): Promise<void>
}

/**
 * Puts the parts together and starts them, ports last. When one fails, those
 * before it are stopped and the error says which option is wrong.
 */
export async function startParts(components: RelayComponents, init: RelayInit): Promise<RunningParts> {
  const stops: (() => Promise<void> | void)[] = []
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) {
      try {
        await each()
      } catch (error) {
        components.log.warn({ err: error }, 'a part did not stop cleanly')
      }
    }
  }
  try {
    return await start(components, init, stops, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  components: RelayComponents,
  init: RelayInit,
  stops: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<RunningParts> {
  const { log, now } = components
  const clock = { now: () => now() }

  const folder = new DataFolder(init.data)
  await folder.open()
  stops.push(folder.lock())
  const scripts = new ScriptFiles(init.scripts)
  await scripts.check()
  const privateKey = await folder.privateKey()
  const adminToken = await folder.adminToken()
  const certificate = JSON.parse(
    await folder.secret('webrtc-certificate', () => Promise.resolve(JSON.stringify(makeCertificate(now())))),
  ) as StoredCertificate
  const database = openDatabase(folder.database)
  stops.push(() => {
    database.close()
  })
  const files = new BlockFiles(folder.blocks)
  await files.open()

  const host = await addressOf(init.host)
  const tlsFiles = init.tlsCert === '' ? undefined : new TlsFiles(init.tlsCert, init.tlsKey)
  const front = new FrontServer({ log, ...clock }, { ...init, host, tls: await tlsFiles?.read() })
  await front.listen()
  stops.push(() => front.close())
  if (tlsFiles !== undefined) stops.push(renewCertificate(tlsFiles, front, log))
  const endpoints = endpointsOf(init, front.port)

  const datastore = new SqliteDatastore(database)
  const logger = libp2pLogger()
  const vault = new BlockVault({ database, files, ...clock }, init)
  const sites = new SiteTable(database)
  const helia = await createContentNode({ vault, datastore, logger }).start()
  stops.push(() => helia.stop().then(() => undefined))
  const collector = new Collector({ vault, log, ...clock })
  collector.start()
  stops.push(() => {
    collector.stop()
  })

  const joins = init.fellows.length > 0 || init.federate
  const gate = new FellowGate()
  const configured = init.fellows.map(fellowAddress)
  const webSocketAt = webSocketAddresses({
    host,
    port: front.port,
    secure: tlsFiles !== undefined,
    publicUrl: endpoints.publicUrl,
  })
  // A relay for this machine or a private network meets its like; one for the world is not led into its own network.
  const allowPrivate = [...configured, ...webSocketAt].some(isPrivateAddress)
  const node = await createNode(
    { privateKey, certificate, datastore, logger },
    {
      webSockets: webSocketAt,
      webRtc: init.webRtcPort < 0 ? null : { host, port: init.webRtcPort },
      maxConnections: init.maxConnections,
      maxReservations: init.maxReservations,
      version: RELAY_VERSION,
      federation: joins
        ? {
            services: federationServices(gate, { allowPrivate }),
            mayDial: (address) => isWebSocket(address) && (allowPrivate || !isPrivateAddress(address)),
          }
        : undefined,
    },
  )
  stops.push(() => node.stop())
  stops.push(endReservationsOnDisconnect(node))
  const peerId = node.peerId.toString()
  const stun =
    init.stunPort < 0
      ? undefined
      : new StunServer({ log, ...clock }, { host, port: init.stunPort, software: `blackhole-relay/${RELAY_VERSION}` })
  await stun?.start()
  stops.push(() => stun?.stop())

  const tokens = new SwarmTokens({ privateKey, peerId, ...clock, isFellow: (peer) => gate.has(peer) })
  const networks = await Networks.load(init.networks)
  const registry = new SwarmRegistry({ ...clock, random: () => components.random() })
  const tracker = new Tracker({
    node,
    registry,
    tokens,
    networks,
    ...clock,
    random: () => components.random(),
    elsewhere: (site) => federation?.swarms.ask(site) ?? Promise.resolve(NOBODY_ELSEWHERE),
  })
  await tracker.start()
  stops.push(() => tracker.stop())
  const publisher = new Publisher({ sites, vault, ...clock })
  const policy = new PublishPolicy({ sites, vault, ...clock }, init)
  const refused = new RefusedPublishers({
    ...clock,
    onBan: (offerer, why) => {
      log.warn({ ...offerer, why }, 'somebody may publish nothing for a while')
    },
  })
  const hosting = new Hosting({ node, sites, publisher, policy, refused })
  await hosting.start()
  stops.push(() => hosting.stop())

  const pullZones = new PullZones(
    { folder, vault, sites, publisher, log, ...clock, store: new ZoneStore(database), resolve: resolveBySystem },
    init,
  )
  await pullZones.start()
  stops.push(() => pullZones.stop())

  const contentSwitch = new ContentSwitch(init.content)
  const contents = new SiteContents(vault)
  const metrics = new Metrics({
    peers: () => registry.peers,
    holders: () => registry.holders,
    copies: () => registry.copies(),
    pullZones: () => pullZones.status,
    connections: () => node.getConnections().length,
    streams: () => node.getConnections().reduce((sum, { streams }) => sum + streams.length, 0),
    reservations: () => node.services.relay.reservations.size,
    swarms: () => lastResort.swarms,
    sites: () => sites.count(),
    blockBytes: () => vault.totals().bytes,
    stunAnswered: () => stun?.answered ?? 0,
    announces: () => tracker.announces,
    fellows: () => federation?.fellows.list().length ?? 0,
    fellowsIgnored: () => federation?.ignored ?? 0,
    refusedRecords: () => federation?.rejected ?? 0,
    bannedPublishers: () => refused.banned,
  })
  const { history, stop: stopWatching } = watch(
    {
      log,
      ...clock,
      random: () => components.random(),
      peers: () => registry.peers,
      holders: () => registry.holders,
      announces: () => tracker.announces,
      copies: () => registry.copies(),
      contentBytes: () => metrics.contentBytes,
    },
    init,
    endpoints.url,
  )
  stops.push(stopWatching)
  const uplink = uplinkOf(init.uplinkMbit)
  const lastResort: LastResort = new LastResort({
    uplink,
    node,
    sites,
    contents,
    vault,
    tokens,
    publisher,
    contentSwitch,
    metrics,
    log,
    ...clock,
    random: () => components.random(),
  })
  await lastResort.start()
  stops.push(() => lastResort.stop())

  const ownInfo = (): RelayInfo =>
    infoOf(init, { node, endpoints, stunPort: stun?.port, serving: contentSwitch.serving, fellows: undefined })
  const federation: Federation | undefined = !joins
    ? undefined
    : new Federation(
        {
          node,
          ...federationOf(node),
          gate,
          sites,
          vault,
          contentSwitch,
          publisher,
          policy,
          tokens,
          registry,
          log,
          ...clock,
          random: () => components.random(),
          info: ownInfo,
        },
        { ...init, configured },
      )

  const context: HttpContext = {
    init,
    log,
    now: clock.now,
    sites,
    contents,
    vault,
    publisher,
    policy,
    refused,
    tokens,
    registry,
    metrics,
    history,
    contentSwitch,
    pullZones,
    scripts,
    adminToken,
    peerId,
    hosts: new Hosts({ relayHosts: endpoints.relayHosts, siteHost: endpoints.siteHost, aliases: init.aliases }),
    dnslink: init.dnslink
      ? new DnsLink({ ...clock, ...(components.resolveTxt === undefined ? {} : { resolveTxt: components.resolveTxt }) })
      : undefined,
    federation,
    info: () => ({ ...ownInfo(), ...(federation === undefined ? {} : { fellows: federation.told() }) }),
    siteUrl: endpoints.siteUrl,
    tracker,
    blocks: helia.blockstore,
  }
  const app = createApp(context)
  const listener = nodeListener((request, bindings) => app.fetch(request, bindings), log, uplink)
  front.handle(listener, upgradeHandlerOf(node))
  await federation?.start()
  stops.push(() => federation?.stop())
  return {
    url: endpoints.url,
    info: context.info,
    siteUrl: endpoints.siteUrl,
    pullZones: () => pullZones.status,
    stop: async () => {
      // Answers under way need everything else.
      await front.drain()
      await stop()
    },
  }
}

/** The IP address that a host option names. */
async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  try {
    return (await lookup(host)).address
  } catch (cause) {
    throw new ValidationError('host', 'an IP address, or a name that stands for one of this machine', host, { cause })
  }
}
