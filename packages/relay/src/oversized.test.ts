import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { API_PATH, MAX_RECORD_BYTES, relayPaths } from '@blackhole/protocol'
import { MAX_JSON_BYTES } from './limits.ts'
import { authorization, importFiles, newPublisher, publish, startTestRelay } from './relay-harness.ts'
import type { Publisher, TestRelay } from './relay-harness.ts'

/** Bytes that the upload takes here. */
const MAX_UPLOAD_BYTES = 64 * 1024

/** Every body that the relay reads over HTTP, and the most that it may have. */
const BODIES = [
  { what: 'CIDs to look for', method: 'POST', path: relayPaths.missing, maxBytes: MAX_JSON_BYTES },
  { what: 'an upload', method: 'POST', path: relayPaths.blocks, maxBytes: MAX_UPLOAD_BYTES },
  { what: 'a record', method: 'PUT', path: relayPaths.record, maxBytes: MAX_RECORD_BYTES },
  { what: 'a request for a token', method: 'POST', path: relayPaths.token, maxBytes: MAX_JSON_BYTES },
  { what: "the operator's switch", method: 'POST', path: () => `${API_PATH}/admin/content`, maxBytes: MAX_JSON_BYTES },
] as const

describe.each(BODIES)('$what', ({ method, path, maxBytes }) => {
  let relay: TestRelay
  let owner: Publisher
  let headers: { authorization: string }

  beforeAll(async () => {
    relay = await startTestRelay({ maxUploadBytes: MAX_UPLOAD_BYTES })
    owner = await newPublisher()
    await publish(relay, owner, await importFiles({ 'index.html': 'hello' }))
    const operator = `Bearer ${(await readFile(`${relay.data}/admin-token`, 'utf8')).trim()}`
    headers = { authorization: path.length === 0 ? operator : await authorization(owner, relay.relay) }
  })

  afterAll(() => relay.stop())

  const send = (body: BodyInit): Promise<Response> =>
    relay.fetch(path(owner.name), { method, headers, body, duplex: 'half' } as RequestInit)

  test('of one byte too many is refused, naming the bound', async () => {
    const response = await send(new Uint8Array(maxBytes + 1).fill(0x20))
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ reason: 'limit', message: expect.stringContaining(String(maxBytes)) })
  })

  test('without a declared length is read no further than the bound', async () => {
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 64 * 1024
        controller.enqueue(new Uint8Array(64 * 1024).fill(0x20))
      },
    })
    // The relay answers, or closes the connection under a sender that does not stop.
    const status = await send(endless).then(
      (response) => response.status,
      () => 'closed',
    )
    expect([400, 413, 'closed']).toContain(status)
    // What is on its way when the answer comes counts too: buffers of both ends.
    expect(sent).toBeLessThan(maxBytes + 32 * 1024 * 1024)
    expect((await relay.fetch('/healthz')).status).toBe(200)
  })
})
