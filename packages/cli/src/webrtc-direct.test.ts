import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { relayPaths } from '@blackhole/protocol'
import type { RelayInfo } from '@blackhole/protocol'
import { createRelay } from '@blackhole/relay'
import type { Relay } from '@blackhole/relay'
import { createBlackhole, createSiteKey, memoryFile } from '@blackhole/sdk'

const SLOW = { timeout: 60_000 } as const

let data: string
let relay: Relay

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'blackhole-direct-'))
  relay = createRelay({ port: 0, stunPort: -1, webRtcPort: 0, content: true, data, logLevel: 'silent' })
  await relay.start()
}, 60_000)

afterAll(async () => {
  await relay.stop()
  await rm(data, { recursive: true, force: true })
}, 60_000)

/** What a program gets whose network lets no WebSocket through. */
const withoutWebSockets: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  const url = new URL(input instanceof Request ? input.url : input)
  if (url.pathname !== relayPaths.relay()) return response
  const info = (await response.json()) as RelayInfo
  return Response.json({ ...info, addresses: info.addresses.filter((address) => !/\/wss?(\/|$)/.test(address)) })
}

it('visitors meet at a relay that they reach by webrtc-direct alone', SLOW, async () => {
  expect(relay.info.addresses.some((address) => address.includes('/webrtc-direct/certhash/'))).toBe(true)
  const key = await createSiteKey()
  const big = new Uint8Array(1_500_000).map((_, at) => (at * 31) % 251)
  const errors: unknown[] = []
  const components = {
    fetch: withoutWebSockets,
    onError: (what: string, error: unknown) => {
      errors.push([what, error])
    },
  }
  const holder = await createBlackhole({ relays: [relay.url] }, components)
  const reader = await createBlackhole({ relays: [relay.url] }, components)
  try {
    await holder.sites.publish([memoryFile('index.html', 'hello'), memoryFile('big.bin', big)], { key })
    const held = await holder.sites.open(key.name, { seed: 'all' })
    await expect.poll(() => held.counters.received.http, { timeout: 20_000 }).toBeGreaterThan(big.byteLength)
    const read = await reader.sites.open(key.name)
    await expect.poll(() => read.peer.peers, { timeout: 20_000 }).toBe(1)
    const body = await (await read.fetch('/big.bin')).arrayBuffer()
    expect(Buffer.from(body).equals(big)).toBe(true)
    expect(read.counters.received.peers).toBeGreaterThan(0)
    expect(errors).toEqual([])
  } finally {
    await Promise.all([holder.stop(), reader.stop()])
  }
})
