import { expect, test } from 'vitest'
import { relayPaths } from '@blackhole/protocol'
import { BANNED_PUBLISHER_MS, REFUSED_RECORDS } from './limits.ts'
import { importFiles, newPublisher, publish, putOverLibp2p, putRecord, startTestRelay } from './relay-harness.ts'

test('an address that replays records again and again is named and may offer none for a while; owners publish from it as before', async () => {
  let now = Date.now()
  const relay = await startTestRelay({}, { now: () => now })
  try {
    const owner = await newPublisher()
    const first = await importFiles({ 'index.html': 'First' })
    const second = await importFiles({ 'index.html': 'Second' }, { previous: first })
    expect((await publish(relay, owner, first)).response.status).toBe(200)
    expect((await publish(relay, owner, second)).response.status).toBe(200)

    const replay = () => putOverLibp2p(relay, owner, first.root, first.manifest.sequence)
    for (let put = 0; put <= REFUSED_RECORDS; put++) expect(await replay()).toMatchObject({ reason: 'stale' })
    expect(await replay()).toMatchObject({ reason: 'banned' })
    expect(await (await relay.fetch('/metrics')).text()).toMatch(/^blackhole_banned_publishers_total 1$/m)
    expect((await relay.fetch(relayPaths.record(owner.name))).status).toBe(200)
    const third = await importFiles({ 'index.html': 'Third' }, { previous: second })
    expect((await publish(relay, owner, third)).response.status).toBe(200)

    now += BANNED_PUBLISHER_MS
    expect(await replay()).toMatchObject({ reason: 'stale' })
  } finally {
    await relay.stop()
  }
})

test('a key that replays the records of its site keeps others from nothing', async () => {
  const relay = await startTestRelay()
  try {
    const [owner, other] = [await newPublisher(), await newPublisher()]
    const first = await importFiles({ 'index.html': 'First' })
    const second = await importFiles({ 'index.html': 'Second' }, { previous: first })
    await publish(relay, owner, first)
    await publish(relay, owner, second)
    for (let put = 0; put <= REFUSED_RECORDS; put++)
      expect((await putRecord(relay, owner, first.root, first.manifest.sequence)).status).toBe(409)
    const banned = await putRecord(relay, owner, second.root, second.manifest.sequence)
    expect([banned.status, await banned.json()]).toMatchObject([403, { reason: 'banned' }])
    expect((await publish(relay, other, first)).response.status).toBe(200)
  } finally {
    await relay.stop()
  }
})

test('a record without its owner is an offence too, one whose blocks are still missing is none', async () => {
  const relay = await startTestRelay()
  try {
    const owner = await newPublisher()
    const site = await importFiles({ 'index.html': 'Hello' })
    for (let put = 0; put <= 2 * REFUSED_RECORDS; put++)
      expect((await putRecord(relay, owner, site.root, 1)).status).toBe(422)
    const reasons: unknown[] = []
    for (let put = 0; put <= REFUSED_RECORDS + 1; put++) {
      const answer = await relay.fetch(relayPaths.record(owner.name), { method: 'PUT', body: 'none' })
      reasons.push(((await answer.json()) as { reason: unknown }).reason)
    }
    expect(reasons.slice(-2)).toEqual(['forbidden', 'banned'])
  } finally {
    await relay.stop()
  }
})
