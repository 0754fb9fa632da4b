import { CONTENT_TYPES, relayPaths } from '@blackhole/protocol'
import { loadManifest, manifestWay } from '@blackhole/site'
import { CID } from 'multiformats/cid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorization, importFiles, newPublisher, publish, startTestRelay } from './relay-harness.ts'
import type { Publisher, TestRelay } from './relay-harness.ts'

let relay: TestRelay

beforeAll(async () => {
  relay = await startTestRelay({ content: false })
})

afterAll(() => relay.stop())

async function ask(owner: Publisher, cid: string, publisher: Publisher = owner): Promise<Response> {
  return relay.fetch(relayPaths.manifestBlock(owner.name, cid), {
    headers: { authorization: await authorization(publisher, relay.relay) },
  })
}

test('an owner reads the manifests of the versions, and nothing else, from a relay that serves no content', async () => {
  const owner = await newPublisher()
  const stranger = await newPublisher()
  const files = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`${String(i)}.txt`, 'text']))
  const site = await importFiles(files, { origins: ['https://www.example.com'], documents: 'site' })
  expect((await publish(relay, owner, site)).response.status).toBe(200)
  const next = await importFiles({ 'index.html': 'two' }, { sequence: 2 })
  expect((await publish(relay, owner, next)).response.status).toBe(200)
  expect((await ask(owner, next.root)).status, 'the newest').toBe(200)
  await publish(relay, stranger, await importFiles({ 'index.html': 'text' }))

  const { manifest, blocks } = await loadManifest(site.root, async (cid) => {
    const response = await ask(owner, cid.toString())
    expect([response.status, response.headers.get('Content-Type')]).toEqual([200, CONTENT_TYPES.raw])
    return response.bytes()
  })
  expect(manifest).toEqual(site.manifest)

  const leaf = site.manifest.files['1.txt']?.cid ?? ''
  expect((await ask(owner, leaf)).status, 'a file').toBe(404)
  expect((await ask(owner, next.manifest.files['index.html']?.cid ?? '')).status, 'a file of the newest').toBe(404)
  expect((await relay.fetch(`/ipfs/${site.root}?format=raw`)).status, 'the gateway').toBe(503)
  for (const cid of blocks) {
    expect((await ask(owner, cid, stranger)).status, 'with another key').toBe(403)
    expect((await ask(stranger, cid)).status, 'of another site').toBe(404)
    expect((await relay.fetch(relayPaths.manifestBlock(owner.name, cid))).status, 'without a key').toBe(403)
  }
})

test('a block that is on no way costs a look at the folders, and no manifest is loaded for it; nor is it asked for ever', async () => {
  const owner = await newPublisher()
  const sites = []
  for (const sequence of [1, 2, 3]) {
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [`${String(sequence)}/${String(i)}.txt`, 'text']),
    )
    const site = await importFiles(files, { sequence })
    await publish(relay, owner, site)
    sites.push(site)
  }
  const read: string[] = []
  for (const { root } of sites) {
    const getBlock = async (cid: CID): Promise<Uint8Array> => {
      read.push(cid.toString())
      return (await ask(owner, cid.toString())).bytes()
    }
    const { blocks } = await loadManifest(root, getBlock)
    const way = await manifestWay(CID.parse(root), getBlock)
    expect([...way].sort(), 'the same blocks').toEqual([...new Set(blocks)].sort())
    const manifest = blocks.at(-1)
    expect(
      read.filter((cid) => cid === manifest),
      'read by the one, not by the other',
    ).toHaveLength(1)
  }
  const strange = (await importFiles({ 'index.html': 'nowhere' })).root
  const headers = { authorization: await authorization(owner, relay.relay) }
  let answers = 0
  for (let status = 404; status === 404; answers++) {
    const asked = Array.from(
      { length: 20 },
      async () => (await relay.fetch(relayPaths.manifestBlock(owner.name, strange), { headers })).status,
    )
    status = Math.max(...(await Promise.all(asked)))
    expect([404, 429]).toContain(status)
    expect(answers).toBeLessThan(200)
  }
  expect(answers).toBeGreaterThan(20)
})
