import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { expect, test } from 'vitest'
import { relayPaths } from '@blackhole/protocol'
import { carOf } from './car-of.ts'
import {
  authorization,
  importFiles,
  newPublisher,
  publish,
  putOverLibp2p,
  putRecord,
  startTestRelay,
  upload,
} from './relay-harness.ts'
import type { Publisher, TestRelay } from './relay-harness.ts'

const MiB = 1024 * 1024
const MINUTE = 60_000

/** A CAR of one block of so many equal bytes. */
async function carOfBytes(value: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const block = new Uint8Array(bytes).fill(value)
  return carOf([{ cid: CID.createV1(raw.code, await sha256.digest(block)), bytes: block }])
}

/** Asks which blocks are missing, as the first request of a publish does. */
async function ask(
  relay: TestRelay,
  owner: Publisher,
  headers: Record<string, string> = {},
  exp?: number,
): Promise<Response> {
  const token = await authorization(owner, relay.relay, exp === undefined ? {} : { exp })
  return relay.fetch(relayPaths.missing(owner.name), {
    method: 'POST',
    headers: { authorization: token, ...headers },
    body: '{"cids":[]}',
  })
}

test('with a list of publishers only these publish, within a total that the relay stores for all of them', async () => {
  const [one, two, stranger] = [await newPublisher(), await newPublisher(), await newPublisher()]
  const relay = await startTestRelay({ publishers: [one.name, two.name], maxTotalBytes: 3 * MiB })
  try {
    const site = await importFiles({ 'index.html': 'Hello' })
    expect((await publish(relay, one, site)).response.status).toBe(200)
    const refused = { reason: 'forbidden', subject: 'publishers' }
    const refusals = [
      await ask(relay, stranger),
      await upload(relay, stranger, await carOfBytes(9, 100)),
      await putRecord(relay, stranger, site.root, 1),
    ]
    for (const answer of refusals) expect([answer.status, await answer.json()]).toMatchObject([403, refused])
    expect(await putOverLibp2p(relay, stranger, site.root)).toMatchObject(refused)
    expect((await relay.fetch(relayPaths.site(stranger.name))).status).toBe(404)

    expect((await upload(relay, one, await carOfBytes(1, 2 * MiB))).status).toBe(200)
    const full = await upload(relay, two, await carOfBytes(2, 2 * MiB))
    expect([full.status, await full.json()]).toMatchObject([507, { reason: 'full', subject: 'total' }])
    expect((await upload(relay, two, await carOfBytes(3, MiB / 2))).status).toBe(200)
  } finally {
    await relay.stop()
  }
})

test('without one, an address begins so many sites an hour; those that are there publish as before', async () => {
  let now = Date.now()
  const relay = await startTestRelay({ newSitesPerHourPerAddress: 2, trustProxy: true }, { now: () => now })
  try {
    const [one, two, three] = [await newPublisher(), await newPublisher(), await newPublisher()]
    const site = await importFiles({ 'index.html': 'Hello' })
    // All requests of a publish are of one site, also where nothing is to be uploaded.
    for (const owner of [one, two]) expect((await publish(relay, owner, site)).response.status).toBe(200)

    const refused = { name: 'RateError', reason: 'limit', subject: 'new sites' }
    const asked = await ask(relay, three)
    expect([asked.status, await asked.json()]).toMatchObject([429, refused])
    expect((await upload(relay, three, await carOfBytes(3, 100))).status).toBe(429)
    expect((await putRecord(relay, three, site.root, 1)).status).toBe(429)
    expect(await putOverLibp2p(relay, three, site.root)).toMatchObject(refused)

    const next = await importFiles({ 'index.html': 'Hello again' }, { previous: site })
    expect((await publish(relay, one, next)).response.status).toBe(200)
    const elsewhere = await newPublisher()
    expect((await ask(relay, elsewhere, { 'x-forwarded-for': '198.51.100.7' })).status).toBe(200)

    now += 31 * MINUTE
    expect((await ask(relay, three, {}, Math.floor(now / 1000) + 600)).status).toBe(200)
  } finally {
    await relay.stop()
  }
})
