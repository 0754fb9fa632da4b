import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RELAYED_CONNECTION_BYTES, RELAYED_CONNECTION_MS } from './limits.ts'
import { connectVisitor, startTestRelay, webSocketOf } from './relay-harness.ts'
import type { TestRelay } from './relay-harness.ts'

const PROTOCOL = '/test/1.0.0'
const SLICE = new Uint8Array(16 * 1024)

let relay: TestRelay
const visitors: Libp2p[] = []

beforeEach(async () => {
  relay = await startTestRelay()
})

afterEach(async () => {
  vi.restoreAllMocks()
  for (const visitor of visitors.splice(0)) await visitor.stop()
  await relay.stop()
})

/** Two visitors, the one connected to the other through the relay, and what the other hears. */
async function relayed(): Promise<{ connection: Connection; heard: { bytes: number; ended: boolean } }> {
  const callee = await connectVisitor(relay.relay, { reserve: true })
  const caller = await connectVisitor(relay.relay)
  visitors.push(callee, caller)
  const heard = { bytes: 0, ended: false }
  await callee.handle(
    PROTOCOL,
    (stream) => {
      stream.addEventListener('message', ({ data }) => (heard.bytes += data.byteLength))
      stream.addEventListener('close', () => (heard.ended = true))
    },
    { runOnLimitedConnection: true },
  )
  await expect.poll(() => callee.getMultiaddrs().length).toBeGreaterThan(0)
  const address = multiaddr(`${webSocketOf(relay.relay)}/p2p-circuit/p2p/${callee.peerId.toString()}`)
  return { connection: await caller.dial(address, { signal: AbortSignal.timeout(10_000) }), heard }
}

test('a relayed connection carries a handshake, and is cut before it carries more', async () => {
  const { connection, heard } = await relayed()
  // What a WebRTC handshake with many candidates needs passes: more than js-libp2p's own 128 KiB.
  const stream = await connection.newStream(PROTOCOL, { runOnLimitedConnection: true })
  send(stream, 160 * 1024)
  await expect.poll(() => heard.bytes).toBe(160 * 1024)
  expect([connection.status, heard.ended]).toEqual(['open', false])
  // A file does not.
  send(stream, RELAYED_CONNECTION_BYTES)
  await expect.poll(() => heard.ended).toBe(true)
  await expect.poll(() => connection.status).toBe('aborted')
  expect(heard.bytes).toBeLessThan(RELAYED_CONNECTION_BYTES)
  // The visitors stay with the relay.
  expect(visitors.map((visitor) => visitor.getConnections().length)).toEqual([1, 1])
})

test('a relayed connection is cut when a handshake must be over', async () => {
  const over = new AbortController()
  const { timeout } = AbortSignal
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) =>
    ms === RELAYED_CONNECTION_MS ? over.signal : timeout.call(AbortSignal, ms),
  )
  const { connection, heard } = await relayed()
  const stream = await connection.newStream(PROTOCOL, { runOnLimitedConnection: true })
  send(stream, SLICE.byteLength)
  await expect.poll(() => heard.bytes).toBe(SLICE.byteLength)
  over.abort()
  await expect.poll(() => heard.ended).toBe(true)
  await expect.poll(() => connection.status).toBe('aborted')
})

function send(stream: Stream, bytes: number): void {
  for (let sent = 0; sent < bytes; sent += SLICE.byteLength) stream.send(SLICE)
}
