import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { ChunkedResponse } from './chunked-response.ts'
import { FrontServer } from './front-server.ts'
import type { FrontServerInit } from './front-server.ts'
import { nodeListener } from './node-listener.ts'

const MiB = 1024 * 1024
/** More than the buffers of both ends of a connection hold. */
const PIECES = 32

let front: FrontServer
const sockets: Socket[] = []
/** Answers that have begun, and those whose content was let go. */
const seen = { begun: 0, pieces: 0, ended: 0 }

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await front.close()
})

async function start(init: Partial<FrontServerInit>): Promise<void> {
  const log = pino({ level: 'silent' })
  Object.assign(seen, { begun: 0, pieces: 0, ended: 0 })
  front = new FrontServer(
    { log, now: () => performance.now() },
    {
      host: '127.0.0.1',
      port: 0,
      trustProxy: false,
      maxSocketsPerAddress: 100,
      socketsPerSecondPerAddress: 100,
      maxAnswersPerAddress: 64,
      ...init,
    },
  )
  await front.listen()
  const answer = (asked: Request): Response =>
    new URL(asked.url).pathname === '/small' ? new Response('small') : new ChunkedResponse(pieces())
  front.handle(nodeListener(answer, log), () => undefined)
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  seen.begun += 1
  try {
    for (let at = 0; at < PIECES; at += 1) {
      seen.pieces += 1
      yield new Uint8Array(MiB)
    }
  } finally {
    seen.ended += 1
  }
}

/** A client that asks, again and again if told to, and never reads. */
async function askAndDoNotRead(headers = '', times = 1): Promise<Socket> {
  const socket = connect(front.port, '127.0.0.1').pause()
  sockets.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(`GET /large HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`.repeat(times))
  return socket
}

async function get(
  path: string,
  headers: OutgoingHttpHeaders = {},
  localAddress = '127.0.0.1',
): Promise<IncomingMessage> {
  const asked = request({ host: '127.0.0.1', port: front.port, path, headers, localAddress, agent: false }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return response
}

async function statusOf(...asked: Parameters<typeof get>): Promise<number | undefined> {
  const response = await get(...asked)
  response.resume()
  return response.statusCode
}

test('an answer that nobody reads is cut and lets go of its content, also when its client goes on sending; a slow reader gets all', async () => {
  await start({ stalledAnswerMs: 400 })
  const unread = await askAndDoNotRead()
  // A next request that does not end: it would keep a timeout of the socket from running out.
  unread.write('GET /small HTTP/1.1\r\nX: ')
  const sending = setInterval(() => unread.write('x'), 20)
  try {
    await expect.poll(() => seen, { timeout: 5_000 }).toMatchObject({ begun: 1, ended: 1 })
    expect(seen.pieces).toBeLessThan(PIECES)
  } finally {
    clearInterval(sending)
  }

  const slow = await get('/large')
  let bytes = 0
  const begun = performance.now()
  for await (const chunk of slow) {
    const before = bytes
    bytes += (chunk as Buffer).byteLength
    if (Math.floor(before / MiB) !== Math.floor(bytes / MiB)) await new Promise((resolve) => setTimeout(resolve, 40))
  }
  expect(bytes).toBe(PIECES * MiB)
  expect(performance.now() - begun).toBeGreaterThan(800)
}, 20_000)

test('an address has so many answers under way; more wait their turn, and are refused when it does not come', async () => {
  await start({ maxAnswersPerAddress: 3, turns: { maxWaitingPerAddress: 2, waitingMs: 300 } })
  const unread = await askAndDoNotRead('', 2)
  await askAndDoNotRead()
  await expect.poll(() => seen.begun).toBe(3)

  const waiting = [statusOf('/small'), statusOf('/small')]
  // Others of that address fill the queue first.
  await expect.poll(() => statusOf('/small')).toBe(429)
  const { headers } = await get('/small')
  expect([headers['retry-after'], headers['access-control-allow-origin']]).toEqual(['1', '*'])
  expect(await statusOf('/small', {}, '127.0.0.2')).toBe(200)
  expect(await Promise.all(waiting)).toEqual([429, 429])

  const served = statusOf('/small')
  unread.destroy()
  expect(await served).toBe(200)
  expect(seen.begun).toBe(3)
  expect(front.refused).toBeGreaterThan(3)
})

test('requests that are sent ahead on one connection are no way around it', async () => {
  await start({ maxAnswersPerAddress: 3, turns: { maxWaitingPerAddress: 5 } })
  await askAndDoNotRead('', 200)
  await expect.poll(() => front.refused).toBeGreaterThan(100)
  expect(seen).toMatchObject({ begun: 3 })
})

test('behind a proxy, each visitor has answers of its own; all together have a bound, too', async () => {
  await start({ trustProxy: true, maxAnswersPerAddress: 2, turns: { maxAnswers: 3, waitingMs: 100 } })
  await askAndDoNotRead('X-Forwarded-For: 198.51.100.1\r\n', 2)
  await expect.poll(() => seen.begun).toBe(2)
  expect(await statusOf('/small', { 'x-forwarded-for': '198.51.100.1' })).toBe(429)
  expect(await statusOf('/small', { 'x-forwarded-for': '198.51.100.2' })).toBe(200)
  await askAndDoNotRead('X-Forwarded-For: 198.51.100.2\r\n')
  await expect.poll(() => seen.begun).toBe(3)
  expect(await statusOf('/small', { 'x-forwarded-for': '198.51.100.3' })).toBe(503)
})
