import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import { pbStream } from '@libp2p/utils'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { pino } from 'pino'
import {
  CONTENT_TYPES,
  HOSTING_PROTOCOL,
  HostingReply,
  HostingRequest,
  HostingVerb,
  relayPaths,
  signToken,
  siteNameOf,
} from '@blackhole/protocol'
import type { SiteName, SwarmToken } from '@blackhole/protocol'
import { createSiteRecord, importSite, memoryFile } from '@blackhole/site'
import type { SiteImport } from '@blackhole/site'
import { carOf } from './car-of.ts'
import type { RelayInit } from './config.ts'
// Loaded with the test file, whose time limits are not for loading libp2p.
import './parts.ts'
import type { RelayComponents } from './parts.ts'
import { createRelay } from './relay.ts'
import type { Relay } from './relay.ts'

/** A relay for tests, on any port, in a folder of its own. */
export interface TestRelay {
  relay: Relay
  data: string
  /** Fetches a path of the relay's own origin, or of another host by Host header. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  stop(): Promise<void>
}

/** Starts a relay that logs nothing. */
export async function startTestRelay(
  init: Partial<RelayInit> = {},
  components: Partial<RelayComponents> = {},
): Promise<TestRelay> {
  const data = init.data ?? (await mkdtemp(join(tmpdir(), 'blackhole-relay-')))
  const relay = createRelay(
    { port: 0, webRtcPort: -1, ...init, data },
    { log: pino({ level: 'silent' }), ...components },
  )
  await relay.start()
  return {
    relay,
    data,
    fetch: (path, request) => fetch(new URL(path, relay.url), { redirect: 'manual', ...request }),
    async stop() {
      await relay.stop()
      if (init.data === undefined) await rm(data, { recursive: true, force: true })
    },
  }
}

/** A site's owner. */
export interface Publisher {
  key: PrivateKey
  name: SiteName
}

/** An owner with a new key. */
export async function newPublisher(): Promise<Publisher> {
  const key = await generateKeyPair('Ed25519')
  return { key, name: siteNameOf(key.publicKey) }
}

/** `Authorization` of a publisher at a relay. */
export async function authorization(
  publisher: Publisher,
  relay: Relay,
  changes: { aud?: string; exp?: number } = {},
): Promise<string> {
  return `Bearer ${await signToken(publisher.key, {
    scope: 'publish',
    iss: publisher.name,
    aud: relay.info.peerId,
    exp: Math.floor(Date.now() / 1000) + 600,
    ...changes,
  })}`
}

/** Imports files that are given as texts or bytes. */
export function importFiles(
  files: Record<string, string | Uint8Array>,
  options: Parameters<typeof importSite>[1] = {},
): Promise<SiteImport> {
  return importSite(
    Object.entries(files).map(([path, content]) => memoryFile(path, content)),
    options,
  )
}

/** What a publish sent. */
export interface Published {
  site: SiteImport
  uploaded: number
  response: Response
}

/** Publishes as a client does: asks what is missing, uploads that, puts the record. */
export async function publish(
  test: TestRelay,
  publisher: Publisher,
  site: SiteImport,
  sequence = site.manifest.sequence,
): Promise<Published> {
  const headers = { authorization: await authorization(publisher, test.relay) }
  const cids = [...site.blocks.keys()]
  const asked = await test.fetch(relayPaths.missing(publisher.name), {
    method: 'POST',
    headers,
    body: JSON.stringify({ cids }),
  })
  const { missing } = (await asked.json()) as { missing: string[] }
  if (missing.length > 0) {
    const blocks = await Promise.all(
      missing.map(async (cid) => ({ cid: CID.parse(cid), bytes: await site.readBlock(cid) })),
    )
    const answer = await upload(test, publisher, carOf(blocks))
    if (!answer.ok) throw new Error(await answer.text())
  }
  return { site, uploaded: missing.length, response: await putRecord(test, publisher, site.root, sequence) }
}

/** Uploads a CAR. */
export async function upload(test: TestRelay, publisher: Publisher, car: Uint8Array<ArrayBuffer>): Promise<Response> {
  return test.fetch(relayPaths.blocks(publisher.name), {
    method: 'POST',
    headers: { authorization: await authorization(publisher, test.relay), 'content-type': CONTENT_TYPES.car },
    body: car,
  })
}

/** Signs and puts a record. */
export async function putRecord(
  test: TestRelay,
  publisher: Publisher,
  root: string,
  sequence: number,
): Promise<Response> {
  const record = await createSiteRecord(publisher.key, { root, sequence })
  return test.fetch(relayPaths.record(publisher.name), {
    method: 'PUT',
    headers: { authorization: await authorization(publisher, test.relay), 'content-type': CONTENT_TYPES.record },
    body: record.bytes,
  })
}

/** Puts a record over libp2p, and returns the error that was answered, undefined when there was none. */
export async function putOverLibp2p(relay: TestRelay, owner: Publisher, root: string, sequence = 1): Promise<unknown> {
  const visitor = await connectVisitor(relay.relay)
  try {
    const signal = AbortSignal.timeout(5_000)
    const { bytes } = await createSiteRecord(owner.key, { root, sequence })
    const stream = await visitor.dialProtocol(multiaddr(webSocketOf(relay.relay)), HOSTING_PROTOCOL, { signal })
    const messages = pbStream(stream)
    const request = { verb: HostingVerb.HOSTING_PUT, site: owner.name, record: bytes }
    await messages.write(request, HostingRequest, { signal })
    const { error } = await messages.read(HostingReply, { signal })
    return error === '' ? undefined : JSON.parse(error)
  } finally {
    await visitor.stop()
  }
}

/** A visitor's libp2p node, connected to the relay. */
export async function connectVisitor(relay: Relay, options: { reserve?: boolean } = {}): Promise<Libp2p> {
  const node = await createLibp2p({
    addresses: { listen: options.reserve === true ? [`${webSocketOf(relay)}/p2p-circuit`] : [] },
    transports: [webSockets(), circuitRelayTransport({ reservationCompletionTimeout: 15_000 })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify() },
  })
  await node.dial(multiaddr(webSocketOf(relay)))
  return node
}

/** The relay's WebSocket address. */
export function webSocketOf(relay: Relay): string {
  return relay.info.addresses.find((address) => address.includes('/ws')) ?? ''
}

/** Asks for a swarm token. */
export async function swarmToken(
  test: TestRelay,
  site: SiteName,
  peer: string,
  origin?: string,
  want?: unknown,
): Promise<Response> {
  return test.fetch(relayPaths.token(site), {
    method: 'POST',
    headers: origin === undefined ? {} : { origin },
    body: JSON.stringify({ peer, want }),
  })
}

/** A swarm token, as text. */
export async function tokenOf(test: TestRelay, site: SiteName, peer: string): Promise<string> {
  return ((await (await swarmToken(test, site, peer)).json()) as SwarmToken).token
}
