import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, json } from 'node:stream/consumers'
import { CID } from 'multiformats/cid'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CONTENT_TYPES, relayPaths } from '@blackhole/protocol'
import { carOf } from './car-of.ts'
import { authorization, importFiles, newPublisher, publish, startTestRelay } from './relay-harness.ts'

/** More than the buffers of both ends of a connection hold, so that most of it is still to be sent. */
const LARGE_BYTES = 24 * 1024 * 1024

let data: string

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'blackhole-shutdown-'))
})

afterEach(() => rm(data, { recursive: true, force: true }))

test('stopping, the relay lets a download and an upload end whole, and then does not wait for idle connections', async () => {
  const relay = await startTestRelay({ data })
  const owner = await newPublisher()
  const large = randomBytes(LARGE_BYTES)
  const first = await importFiles({ 'large.bin': large })
  await publish(relay, owner, first)
  const next = await importFiles({ 'index.html': 'next', 'other.bin': randomBytes(2_000_000) })
  const blocks = [...next.blocks.keys()].map(async (cid) => ({ cid: CID.parse(cid), bytes: await next.readBlock(cid) }))
  const car = carOf(await Promise.all(blocks))

  const { port } = new URL(relay.relay.url)
  // As a browser or a proxy has it: connections stay open for more.
  const agent = new Agent({ keepAlive: true })
  const to = (path: string, options: RequestOptions = {}): ClientRequest =>
    request({ agent, host: '127.0.0.1', port, path, ...options })
  try {
    const download = await answerOf(to(`/ipns/${owner.name}/large.bin`))
    const upload = to(relayPaths.blocks(owner.name), {
      method: 'POST',
      headers: {
        authorization: await authorization(owner, relay.relay),
        'content-type': CONTENT_TYPES.car,
        'content-length': car.byteLength,
        expect: '100-continue',
      },
    })
    const uploaded = answerOf(upload)
    uploaded.catch(() => undefined)
    const begun = new Promise((resolve) => upload.once('continue', resolve))
    upload.flushHeaders()
    await begun
    upload.write(car.subarray(0, car.byteLength / 2))

    const stopping = relay.stop()
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
    upload.end(car.subarray(car.byteLength / 2))
    const answer = await uploaded
    expect([answer.statusCode, await json(answer)]).toEqual([
      200,
      { stored: blocks.length, bytes: expect.any(Number) as number },
    ])
    expect((await buffer(download)).equals(large)).toBe(true)
    const ended = performance.now()
    await stopping
    // Not the time after which answers are cut.
    expect(performance.now() - ended).toBeLessThan(5_000)
  } finally {
    agent.destroy()
  }

  // What was uploaded counts.
  const again = await startTestRelay({ data })
  try {
    const published = await publish(again, owner, next, 2)
    expect([published.response.status, published.uploaded]).toEqual([200, 0])
  } finally {
    await again.stop()
  }
}, 60_000)

test('a relay that starts refuses or says 503, and says 200 only when all works', async () => {
  const before = await startTestRelay({ data })
  const owner = await newPublisher()
  await publish(before, owner, await importFiles({ 'index.html': 'Hello' }))
  const { port } = new URL(before.relay.url)
  await before.stop()

  const seen = new Set<number>()
  const starting = startTestRelay({ data, port: Number(port) })
  const relay = starting.then((started) => started)
  try {
    const status = async (): Promise<number> => {
      const found = await fetch(`http://127.0.0.1:${port}/healthz`).then(
        (response) => response.status,
        () => 0,
      )
      seen.add(found)
      return found
    }
    await expect.poll(status, { interval: 1, timeout: 30_000 }).toBe(200)
    expect(await (await fetch(`http://127.0.0.1:${port}/ipns/${owner.name}/`)).text()).toContain('Hello')
    expect([...seen].filter((each) => ![0, 200, 503].includes(each))).toEqual([])
  } finally {
    await (await relay).stop()
  }
}, 60_000)

function answerOf(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve).once('error', reject)
    if (sent.method === 'GET') sent.end()
  })
}
