import { relayPaths } from '@blackhole/protocol'
import type { ListedVersion, SiteSummary } from '@blackhole/protocol'
import { readSiteRecord } from '@blackhole/site'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { carOf } from './car-of.ts'
import type { ErrorBody } from './http/errors.ts'
import {
  authorization,
  connectVisitor,
  importFiles,
  newPublisher,
  publish,
  putRecord,
  startTestRelay,
  upload,
} from './relay-harness.ts'
import type { TestRelay } from './relay-harness.ts'

async function rawBlock(bytes: Uint8Array): Promise<{ cid: CID; bytes: Uint8Array }> {
  return { cid: CID.createV1(raw.code, await sha256.digest(bytes)), bytes }
}

describe('publishing', () => {
  let test1: TestRelay

  beforeAll(async () => {
    test1 = await startTestRelay({ quotaBytes: 3 * 1024 * 1024 })
  })

  afterAll(() => test1.stop())

  test('a site is uploaded, becomes visible in one step, and its second upload sends nothing', async () => {
    const owner = await newPublisher()
    const site = await importFiles({ 'index.html': '<h1>Hello</h1>', 'empty.txt': '', 'a/b.css': 'body {}' })

    expect((await test1.fetch(relayPaths.site(owner.name))).status).toBe(404)
    const first = await publish(test1, owner, site)
    expect(first.response.status).toBe(200)
    expect(await first.response.json()).toMatchObject({
      name: owner.name,
      root: site.root,
      version: 1,
      files: 3,
      bytes: 21,
      alias: null,
    })
    expect(first.uploaded).toBe(site.blocks.size)

    const again = await publish(test1, owner, site)
    expect(again.uploaded).toBe(0)
    expect(again.response.status).toBe(200)
    const sites = (await (await test1.fetch(relayPaths.sites())).json()) as SiteSummary[]
    expect(sites.filter(({ name }) => name === owner.name)).toHaveLength(1)
  })

  test('a version whose blocks are not all there is refused, naming what lacks, and shows nowhere', async () => {
    const owner = await newPublisher()
    const site = await importFiles({ 'index.html': 'one', 'other.html': 'two' })
    const leaf = site.manifest.files['other.html']?.cid ?? ''
    const blocks = await Promise.all(
      [...site.blocks.keys()]
        .filter((cid) => cid !== leaf)
        .map(async (cid) => ({ cid: CID.parse(cid), bytes: await site.readBlock(cid) })),
    )
    expect((await upload(test1, owner, carOf(blocks))).status).toBe(200)

    const response = await putRecord(test1, owner, site.root, 1)
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ reason: 'incomplete', missing: [leaf] })
    expect((await test1.fetch(relayPaths.record(owner.name))).status).toBe(404)
  })

  test('another key cannot publish under a name, nor an old or foreign record replace it', async () => {
    const owner = await newPublisher()
    const stranger = await newPublisher()
    const one = await importFiles({ 'index.html': 'one' })
    const two = await importFiles({ 'index.html': 'two' }, { previous: { root: one.root, manifest: one.manifest } })
    await publish(test1, owner, one)
    expect((await publish(test1, owner, two)).response.status).toBe(200)

    const forged = await putRecord(test1, { key: stranger.key, name: owner.name }, one.root, 9)
    expect(forged.status).toBe(403)
    expect(await forged.json()).toMatchObject({ name: 'TokenError', reason: 'forbidden' })

    const record = await (await test1.fetch(relayPaths.record(owner.name))).arrayBuffer()
    const swapped = await test1.fetch(relayPaths.record(stranger.name), {
      method: 'PUT',
      headers: { authorization: await authorization(stranger, test1.relay) },
      body: record,
    })
    expect(swapped.status).toBe(403)
    expect(await swapped.json()).toMatchObject({ name: 'RecordError', reason: 'forbidden' })

    const replayed = await putRecord(test1, owner, one.root, 1)
    expect(replayed.status).toBe(409)
    expect(await replayed.json()).toMatchObject({ reason: 'stale' })
    const versions = (await (await test1.fetch(relayPaths.versions(owner.name))).json()) as ListedVersion[]
    expect(versions.map(({ version, root }) => ({ version, root }))).toEqual([
      { version: 2, root: two.root },
      { version: 1, root: one.root },
    ])
    // Each with the record that shows its owner that it is theirs.
    for (const { version, root, record } of versions)
      expect(await readSiteRecord(owner.name, Buffer.from(record ?? '', 'base64'), { now: 0 })).toMatchObject({
        sequence: version,
        root,
      })
  })

  test('rolling back is publishing an earlier root under a later number', async () => {
    const owner = await newPublisher()
    const one = await importFiles({ 'index.html': 'good' })
    await publish(test1, owner, one)
    await publish(
      test1,
      owner,
      await importFiles({ 'index.html': 'bad' }, { previous: { root: one.root, manifest: one.manifest } }),
    )
    expect((await putRecord(test1, owner, one.root, 3)).status).toBe(200)
    expect(await (await test1.fetch(relayPaths.site(owner.name))).json()).toMatchObject({ root: one.root, version: 3 })
  })

  test('tokens for another relay, expired or missing are refused', async () => {
    const owner = await newPublisher()
    const ask = async (header: Record<string, string>): Promise<number> =>
      (await test1.fetch(relayPaths.missing(owner.name), { method: 'POST', headers: header, body: '{"cids":[]}' }))
        .status
    expect(await ask({})).toBe(403)
    expect(await ask({ authorization: 'Bearer nonsense' })).toBe(400)
    expect(await ask({ authorization: await authorization(owner, test1.relay, { aud: 'another' }) })).toBe(403)
    expect(
      await ask({
        authorization: await authorization(owner, test1.relay, { exp: Math.floor(Date.now() / 1000) - 3600 }),
      }),
    ).toBe(401)
    expect(
      await ask({
        authorization: await authorization(owner, test1.relay, { exp: Math.floor(Date.now() / 1000) + 9 * 3600 }),
      }),
    ).toBe(400)
    expect(await ask({ authorization: await authorization(owner, test1.relay) })).toBe(200)
  })

  test('a wrong block ends the upload with its CID; blocks before it stay', async () => {
    const owner = await newPublisher()
    const good = await rawBlock(Buffer.from('good'))
    const bad = { cid: (await rawBlock(Buffer.from('promised'))).cid, bytes: Buffer.from('something else') }
    const response = await upload(test1, owner, carOf([good, bad]))
    expect(response.status).toBe(422)
    const body = (await response.json()) as ErrorBody
    expect(body).toMatchObject({ reason: 'corrupt', subject: bad.cid.toString() })
    const asked = await test1.fetch(relayPaths.missing(owner.name), {
      method: 'POST',
      headers: { authorization: await authorization(owner, test1.relay) },
      body: JSON.stringify({ cids: [good.cid.toString(), bad.cid.toString()] }),
    })
    expect(await asked.json()).toEqual({ missing: [bad.cid.toString()] })
  })

  test('what is no CAR, cut short, too large or beyond the quota gets an error that says so', async () => {
    const owner = await newPublisher()
    const nonsense = await upload(test1, owner, Buffer.from('this is no CAR'))
    expect([nonsense.status, await nonsense.json()]).toEqual([400, expect.objectContaining({ subject: 'upload' })])

    const block = await rawBlock(new Uint8Array(1000).fill(7))
    const cut = await upload(test1, owner, carOf([block]).subarray(0, 500))
    expect([cut.status, await cut.json()]).toEqual([400, expect.objectContaining({ subject: 'upload' })])

    const large = await upload(test1, owner, carOf([await rawBlock(new Uint8Array(2 * 1024 * 1024 + 1))]))
    expect([large.status, await large.json()]).toEqual([413, expect.objectContaining({ reason: 'limit' })])

    const fill = await upload(test1, owner, carOf([await rawBlock(new Uint8Array(2 * 1024 * 1024).fill(1))]))
    expect(fill.status).toBe(200)
    const full = await upload(test1, owner, carOf([await rawBlock(new Uint8Array(2 * 1024 * 1024).fill(2))]))
    expect([full.status, await full.json()]).toEqual([
      507,
      expect.objectContaining({ reason: 'full', subject: 'quota' }),
    ])
  })

  test('an upload larger than the relay takes in one request is refused', async () => {
    const small = await startTestRelay({ maxUploadBytes: 2048 })
    try {
      const owner = await newPublisher()
      const response = await upload(small, owner, carOf([await rawBlock(new Uint8Array(4096))]))
      expect([response.status, await response.json()]).toEqual([
        413,
        expect.objectContaining({ reason: 'limit', subject: 'upload bytes' }),
      ])
    } finally {
      await small.stop()
    }
  })

  test('a manifest that lists what is not below the root is refused', async () => {
    const owner = await newPublisher()
    const other = await importFiles({ 'index.html': 'elsewhere' })
    const site = await importFiles({ 'index.html': 'here' })
    const manifest = Buffer.from(JSON.stringify({ ...site.manifest, files: other.manifest.files }))
    const { encode, prepare } = await import('@ipld/dag-pb')
    const { UnixFS } = await import('ipfs-unixfs')
    const folder = async (
      links: { name: string; cid: CID; size: number }[],
    ): Promise<{ cid: CID; bytes: Uint8Array }> => {
      const bytes = encode(
        prepare({
          Data: new UnixFS({ type: 'directory' }).marshal(),
          Links: links.map(({ name, cid, size }) => ({ Name: name, Hash: cid, Tsize: size })),
        }),
      )
      return { cid: CID.createV1(0x70, await sha256.digest(bytes)), bytes }
    }
    const file = await rawBlock(manifest)
    const reserved = await folder([{ name: 'manifest.json', cid: file.cid, size: manifest.byteLength }])
    const root = await folder([{ name: '.blackhole', cid: reserved.cid, size: 1 }])
    await upload(test1, owner, carOf([file, reserved, root]))
    const response = await putRecord(test1, owner, root.cid.toString(), 1)
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ subject: 'manifest.files' }),
    ])
  })

  test('two publishes of one site at once end in the later version, whole', async () => {
    const owner = await newPublisher()
    const one = await importFiles({ 'index.html': 'first' })
    const two = await importFiles({ 'index.html': 'second' }, { previous: { root: one.root, manifest: one.manifest } })
    const answers = await Promise.all([publish(test1, owner, two), publish(test1, owner, one)])
    expect(answers[0].response.status).toBe(200)
    expect(await (await test1.fetch(relayPaths.site(owner.name))).json()).toMatchObject({ root: two.root, version: 2 })
  })

  test('a libp2p visitor reaches the relay through its HTTP port', async () => {
    const visitor = await connectVisitor(test1.relay)
    try {
      expect(visitor.getConnections().map(({ remotePeer }) => remotePeer.toString())).toEqual([test1.relay.info.peerId])
      expect(visitor.getConnections()[0]?.remoteAddr.toString()).toContain(`/tcp/${new URL(test1.relay.url).port}/ws`)
    } finally {
      await visitor.stop()
    }
  })
})
