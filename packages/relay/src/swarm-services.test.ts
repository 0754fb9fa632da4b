import { readFile } from 'node:fs/promises'
import { CID } from 'multiformats/cid'
import { multiaddr } from '@multiformats/multiaddr'
import { pbStream } from '@libp2p/utils'
import type { Libp2p } from '@libp2p/interface'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  Announce,
  AnnounceEvent,
  AnnounceReply,
  CDN_PROTOCOL,
  HOSTING_PROTOCOL,
  HostingReply,
  HostingRequest,
  HostingVerb,
  CONTROL_TIMEOUT_MS,
  TRACKER_PROTOCOL,
  allPieces,
  parseCid,
  relayPaths,
} from '@blackhole/protocol'
import type { SwarmToken } from '@blackhole/protocol'
import { createSiteRecord } from '@blackhole/site'
import type { SiteImport } from '@blackhole/site'
import { MemoryPieceStore, Swarm } from '@blackhole/swarm'
import {
  connectVisitor,
  importFiles,
  newPublisher,
  publish,
  startTestRelay,
  swarmToken,
  tokenOf,
  webSocketOf,
} from './relay-harness.ts'
import type { Publisher, TestRelay } from './relay-harness.ts'

const signal = (): AbortSignal => AbortSignal.timeout(5_000)

describe('swarm services', () => {
  let relay: TestRelay
  let owner: Publisher
  let site: SiteImport
  const visitors: Libp2p[] = []

  beforeAll(async () => {
    relay = await startTestRelay()
    owner = await newPublisher()
    site = await importFiles(
      { 'index.html': 'hello', 'big.bin': new Uint8Array(3_000_000).map((_, at) => (at * 7) % 253) },
      { origins: ['https://example.com'] },
    )
    await publish(relay, owner, site)
  })

  afterEach(async () => {
    for (const each of visitors.splice(0)) await each.stop()
  })

  afterAll(() => relay.stop())

  async function visitor(options?: { reserve?: boolean }): Promise<Libp2p> {
    const node = await connectVisitor(relay.relay, options)
    visitors.push(node)
    return node
  }

  async function announce(node: Libp2p, changes: Partial<Announce> = {}): Promise<AnnounceReply> {
    const id = node.peerId.toString()
    const stream = await node.dialProtocol(multiaddr(webSocketOf(relay.relay)), TRACKER_PROTOCOL, { signal: signal() })
    const messages = pbStream(stream)
    await messages.write(
      {
        site: owner.name,
        token: await tokenOf(relay, owner.name, id),
        event: AnnounceEvent.ANNOUNCE_STARTED,
        root: new Uint8Array(CID.parse(site.root).bytes),
        have: 0,
        total: 4,
        want: 10,
        ...changes,
      },
      Announce,
      { signal: signal() },
    )
    const reply = await messages.read(AnnounceReply, { signal: signal() })
    await stream.close({ signal: signal() })
    return reply
  }

  test('two visitors learn of each other and can be dialled through the relay; who leaves is forgotten', async () => {
    const a = await visitor({ reserve: true })
    const b = await visitor({ reserve: true })
    await expect.poll(() => a.getMultiaddrs().length, { timeout: 5_000 }).toBeGreaterThan(0)
    await expect.poll(() => b.getMultiaddrs().length, { timeout: 5_000 }).toBeGreaterThan(0)
    expect(await announce(a, { have: 4 })).toMatchObject({ peers: [], swarmPeers: 0, swarmHolders: 0, error: '' })
    const reply = await announce(b)
    expect(reply).toMatchObject({ swarmPeers: 1, swarmHolders: 1 })
    const address = multiaddr(reply.peers[0]?.addresses[0]).toString()
    expect(address).toBe(`${webSocketOf(relay.relay)}/p2p-circuit/webrtc/p2p/${a.peerId.toString()}`)

    const connection = await b.dial(multiaddr(address.replace('/webrtc', '')), { signal: signal() })
    expect(connection.remotePeer.toString()).toBe(a.peerId.toString())

    expect(await announce(a, { event: AnnounceEvent.ANNOUNCE_STOPPED })).toMatchObject({ peers: [] })
    expect(await announce(b)).toMatchObject({ swarmPeers: 0 })
    await announce(a, { have: 1 })
    await a.stop()
    await expect.poll(async () => (await announce(b)).swarmPeers, { timeout: 5_000, interval: 600 }).toBe(0)
    const metrics = await (await relay.fetch('/metrics')).text()
    expect(Number(/^blackhole_announces_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(4)
    expect(metrics).toMatch(/^blackhole_peers 1$/m)
  })

  test('one stream takes announcements in a row, remembers site and token, and ends with its visitor', async () => {
    const a = await visitor({ reserve: true })
    const token = await tokenOf(relay, owner.name, a.peerId.toString())
    const stream = await a.dialProtocol(multiaddr(webSocketOf(relay.relay)), TRACKER_PROTOCOL, { signal: signal() })
    const messages = pbStream(stream)
    const ask = async (message: Partial<Announce>): Promise<AnnounceReply> => {
      await messages.write({ keep: true, have: 1, total: 4, want: 5, ...message }, Announce, { signal: signal() })
      return messages.read(AnnounceReply, { signal: signal() })
    }
    // Nothing to remember yet.
    expect(JSON.parse((await ask({})).error)).toMatchObject({ name: 'ValidationError', subject: 'announce.site' })
    expect(await ask({ site: owner.name, token })).toMatchObject({ error: '', kept: true, swarmPeers: 0 })
    expect(await ask({ have: 2 })).toMatchObject({ error: '', kept: true })
    expect((await announce(await visitor())).peers).toMatchObject([{ have: 2 }])
    // Another site needs its own token, and does not lose what was remembered.
    const elsewhere = (await newPublisher()).name
    expect(JSON.parse((await ask({ site: elsewhere })).error)).toMatchObject({ name: 'TokenError' })
    expect(JSON.parse((await ask({ site: elsewhere, token })).error)).toMatchObject({ name: 'TokenError' })
    expect(await ask({ event: AnnounceEvent.ANNOUNCE_STOPPED, keep: false })).toMatchObject({ error: '', kept: false })
    expect(await announce(await visitor())).toMatchObject({ swarmHolders: 0 })
    await expect.poll(() => stream.remoteWriteStatus, { timeout: 5_000 }).toBe('closed')
  })

  test('who sends announcements faster than they are answered loses the stream', async () => {
    const a = await visitor()
    const stream = await a.dialProtocol(multiaddr(webSocketOf(relay.relay)), TRACKER_PROTOCOL, { signal: signal() })
    const closed = new Promise((resolve) => stream.addEventListener('close', resolve))
    stream.send(new Uint8Array(100))
    await closed
    expect((await relay.fetch('/healthz')).status).toBe(200)
  })

  test('a token of another peer, another site or nobody is refused', async () => {
    const a = await visitor()
    const other = await visitor()
    for (const token of ['', 'a.b.c', await tokenOf(relay, owner.name, other.peerId.toString())]) {
      const reply = await announce(a, { token })
      expect(JSON.parse(reply.error)).toMatchObject({ name: 'TokenError' })
      expect(reply.peers).toEqual([])
    }
  })

  test('an oversized or meaningless message ends the stream, and the relay goes on', async () => {
    const a = await visitor()
    const endless = new Uint8Array(20).fill(0xff)
    const oversized = Uint8Array.from([0xff, 0xff, 0xff, 0x7f, 1, 2, 3])
    const protocols = [TRACKER_PROTOCOL, HOSTING_PROTOCOL, CDN_PROTOCOL]
    for (const [protocol, message] of protocols.flatMap((name) => [
      [name, endless] as const,
      [name, oversized] as const,
    ])) {
      const begun = performance.now()
      const stream = await a.dialProtocol(multiaddr(webSocketOf(relay.relay)), protocol, { signal: signal() })
      const closed = new Promise((resolve) => stream.addEventListener('close', resolve))
      stream.send(message)
      await closed
      expect(performance.now() - begun, `${protocol} waits for no more of it`).toBeLessThan(CONTROL_TIMEOUT_MS / 2)
    }
    expect((await relay.fetch('/healthz')).status).toBe(200)
  })

  test('pages of the site get tokens, pages elsewhere do not', async () => {
    const peer = (await visitor()).peerId.toString()
    const { origin } = new URL(relay.relay.siteUrl(owner.name))
    for (const allowed of [undefined, origin, 'https://example.com']) {
      expect((await swarmToken(relay, owner.name, peer, allowed)).status, allowed).toBe(200)
    }
    for (const refused of [
      'https://evil.example',
      'null',
      'http://localhost:1234',
      'https://example.com.evil.example',
    ]) {
      expect((await swarmToken(relay, owner.name, peer, refused)).status, refused).toBe(403)
    }
    expect((await swarmToken(relay, owner.name, 'nobody')).status).toBe(400)
    expect((await swarmToken(relay, (await newPublisher()).name, peer)).status).toBe(404)
  })

  test('who asks for a token is told who is in the swarm, if it says how many it wants', async () => {
    const holder = await visitor({ reserve: true })
    await expect.poll(() => holder.getMultiaddrs().length, { timeout: 5_000 }).toBeGreaterThan(0)
    await announce(holder, { have: 3 })
    const peer = (await visitor()).peerId.toString()
    const told = async (want?: unknown): Promise<AnnounceReply | undefined> => {
      const { swarm } = (await (await swarmToken(relay, owner.name, peer, undefined, want)).json()) as SwarmToken
      return swarm === undefined ? undefined : AnnounceReply.decode(Buffer.from(swarm, 'base64'))
    }
    expect(await told()).toBeUndefined()
    expect(await told(0)).toBeUndefined()
    const reply = await told(5)
    expect(reply).toMatchObject({ peers: [{ have: 3, total: 4 }], swarmPeers: 1, swarmHolders: 1, error: '' })
    expect(multiaddr(reply?.peers[0]?.addresses[0]).toString()).toContain(holder.peerId.toString())
    // It is named, and has not joined.
    expect(await announce(holder, { have: 3 })).toMatchObject({ swarmPeers: 0 })
    for (const want of [-1, 1.5, '5', {}])
      expect((await swarmToken(relay, owner.name, peer, undefined, want)).status, JSON.stringify(want)).toBe(400)
  })

  test('40 visitors hold reservations at once, each can be dialled', async () => {
    const nodes: Libp2p[] = []
    while (nodes.length < 40)
      nodes.push(...(await Promise.all(Array.from({ length: 8 }, () => visitor({ reserve: true })))))
    await expect
      .poll(
        async () => Number(/^blackhole_reservations (\d+)$/m.exec(await (await relay.fetch('/metrics')).text())?.[1]),
        { timeout: 10_000 },
      )
      .toBe(40)
    const [caller, ...others] = nodes
    for (const other of others) {
      const connection = await caller?.dial(
        multiaddr(`${webSocketOf(relay.relay)}/p2p-circuit/p2p/${other.peerId.toString()}`),
        { signal: signal() },
      )
      expect(connection?.remotePeer.toString()).toBe(other.peerId.toString())
    }
  })

  test('records are given, taken and followed over libp2p; a replayed one is refused', async () => {
    const writer = await newPublisher()
    const one = await importFiles({ 'index.html': 'v1' })
    await publish(relay, writer, one)
    const two = await importFiles({ 'index.html': 'v2' }, { previous: { root: one.root, manifest: one.manifest } })
    const node = await visitor()
    const open = async (request: Partial<HostingRequest>): Promise<() => Promise<HostingReply>> => {
      const stream = await node.dialProtocol(multiaddr(webSocketOf(relay.relay)), HOSTING_PROTOCOL, {
        signal: signal(),
      })
      const messages = pbStream(stream)
      await messages.write(
        { verb: HostingVerb.HOSTING_GET, site: writer.name, record: new Uint8Array(), ...request },
        HostingRequest,
        { signal: signal() },
      )
      return () => messages.read(HostingReply, { signal: signal() })
    }
    const next = await open({ verb: HostingVerb.HOSTING_SUBSCRIBE })
    const first = await next()
    const stored = async (): Promise<Uint8Array> =>
      new Uint8Array(await (await relay.fetch(relayPaths.record(writer.name))).arrayBuffer())
    expect(first.record).toEqual(await stored())
    expect((await (await open({}))()).record).toEqual(first.record)

    await publish(relay, writer, two)
    const second = await next()
    expect(second.record).not.toEqual(first.record)
    expect(second.record).toEqual(await stored())

    const replay = await (await open({ verb: HostingVerb.HOSTING_PUT, record: new Uint8Array(first.record) }))()
    expect(JSON.parse(replay.error)).toMatchObject({ reason: 'stale' })
    expect(replay.record).toEqual(second.record)

    const later = await createSiteRecord(writer.key, { root: one.root, sequence: 3 })
    expect(await (await open({ verb: HostingVerb.HOSTING_PUT, record: later.bytes }))()).toMatchObject({ error: '' })
    expect((await next()).record).toEqual(later.bytes)
    expect(JSON.parse((await (await open({ site: 'nonsense' }))()).error)).toMatchObject({
      name: 'ValidationError',
      subject: 'request.site',
    })
  })

  test('the relay serves pieces as a peer of last resort, counts them, and stops when content is off', async () => {
    const node = await visitor()
    const id = node.peerId.toString()
    const store = new MemoryPieceStore({}, { maxBytes: 1e9 })
    const swarm = new Swarm(
      {
        store,
        now: Date.now,
        random: Math.random,
        verifyToken: () => Promise.resolve(),
        token: () => tokenOf(relay, owner.name, id),
      },
      { site: owner.name, self: id },
    )
    swarm.start()
    try {
      const stream = await node.dialProtocol(multiaddr(webSocketOf(relay.relay)), CDN_PROTOCOL, { signal: signal() })
      await swarm.addStream({ peer: relay.relay.info.peerId, stream, direction: 'outbound' })
      expect(swarm.peers).toMatchObject([{ id: relay.relay.info.peerId, lastResort: true }])
      const pieces = allPieces(site.manifest)
      await swarm.addVersion(site.root, pieces)
      for (const cid of [...pieces, site.root]) {
        const { bytes } = await swarm.fetch(cid, { signal: signal(), lastResort: true })
        expect(Buffer.compare(bytes, await site.readBlock(parseCid(cid).toString()))).toBe(0)
      }
      expect(await (await relay.fetch('/metrics')).text()).toMatch(
        /^blackhole_content_bytes_total\{transport="p2p"\} 300\d{4}$/m,
      )
      const admin = (await readFile(`${relay.data}/admin-token`, 'utf8')).trim()
      const turn = (serving: boolean): Promise<Response> =>
        relay.fetch('/.blackhole/api/v1/admin/content', {
          method: 'POST',
          headers: { authorization: `Bearer ${admin}` },
          body: JSON.stringify({ serving }),
        })
      await turn(false)
      await expect.poll(() => swarm.peers, { timeout: 5_000 }).toEqual([])
      const refused = await node.dialProtocol(multiaddr(webSocketOf(relay.relay)), CDN_PROTOCOL, { signal: signal() })
      await expect(
        swarm.addStream({ peer: relay.relay.info.peerId, stream: refused, direction: 'outbound' }),
      ).rejects.toThrow()
      await turn(true)
    } finally {
      await swarm.stop()
    }
  })
})
