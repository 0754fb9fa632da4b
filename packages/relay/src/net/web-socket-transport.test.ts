import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startTestRelay, type TestRelay } from '../relay-harness.ts'
import { Heartbeat } from './heartbeat.ts'

/** How a ping's frame begins. */
const PING = Buffer.of(0x89, 8)

let relay: TestRelay
const sockets: Socket[] = []

beforeAll(async () => {
  relay = await startTestRelay()
})

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

afterAll(() => relay.stop())

/** A WebSocket by hand: what comes after the greeting, byte by byte. */
async function upgrade(): Promise<{ socket: Socket; received: () => Buffer }> {
  const { hostname, port } = new URL(relay.relay.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  let received = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => (received = Buffer.concat([received, bytes])))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(
    `GET / HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n',
  )
  await expect.poll(() => received.includes('\r\n\r\n')).toBe(true)
  return { socket, received: () => received }
}

test('a WebSocket is not compressed, and is pinged as soon as it is open', async () => {
  const { received } = await upgrade()
  expect(received().toString('latin1')).not.toMatch(/permessage-deflate/i)
  // Opcode 9, eight bytes that nobody can guess (RFC 6455, section 5.5.2).
  await expect.poll(() => received().includes(PING)).toBe(true)
})

test('what is written in one turn goes out in one message', async () => {
  const { socket, received } = await upgrade()
  await expect.poll(() => received().includes(PING)).toBe(true)
  const before = received().byteLength
  // multistream-select's own greeting and the offer of Noise in a masked frame with a mask of zeros.
  const text = Buffer.from('\x13/multistream/1.0.0\n\x07/noise\n', 'latin1')
  socket.write(Buffer.concat([Uint8Array.of(0x82, 0x80 | text.byteLength, 0, 0, 0, 0), text]))
  await expect.poll(() => received().byteLength - before).toBe(text.byteLength + 2)
  expect(received().subarray(before, before + 2)).toEqual(Buffer.of(0x82, text.byteLength))
})

test('a message larger than libp2p ever sends ends the connection', async () => {
  const { socket } = await upgrade()
  const closed = once(socket, 'close')
  // A frame of 2 MiB is announced; not a byte of it is sent.
  socket.write(Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0))
  await closed
})

test('each is pinged once in a round of the heartbeat, and not after it has left', () => {
  const heartbeat = new Heartbeat({ intervalMs: 1_000, parts: 4 })
  const pings = Array.from({ length: 10 }, () => 0)
  const leave = pings.map((_, at) => heartbeat.add({ ping: () => (pings[at] = (pings[at] ?? 0) + 1) }))
  expect(pings).toEqual(Array.from({ length: 10 }, () => 1))
  leave[0]?.()
  for (let beat = 0; beat < 4; beat += 1) heartbeat.beat()
  expect(pings).toEqual([1, ...Array.from({ length: 9 }, () => 2)])
})
