import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { seededBytes } from '../rng.ts'
import { startThrottleProxy, type ThrottleInit, type ThrottleProxy } from './throttle-proxy.ts'

const BODY = seededBytes(500_000, 1)
const MBIT20 = 2_500_000
const UNLIMITED = { downBytesPerSecond: Infinity, upBytesPerSecond: Infinity, roundTripMs: 0 }

const open: { close: () => unknown }[] = []

afterEach(async () => {
  for (const item of open.splice(0)) await item.close()
})

async function serve(): Promise<number> {
  const server: Server = createServer((request, response) => {
    let received = 0
    request.on('data', (data: Buffer) => (received += data.byteLength))
    request.on('end', () => response.end(request.method === 'POST' ? String(received) : BODY))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  })
  return (server.address() as AddressInfo).port
}

async function proxy(init: Omit<ThrottleInit, 'targetPort'>): Promise<ThrottleProxy> {
  const started = await startThrottleProxy({ targetPort: await serve(), ...init })
  open.push(started)
  return started
}

/** Fetches the body `times` at once over separate connections; says how long it took. */
async function download(port: number, times: number): Promise<number> {
  const started = performance.now()
  const bodies = await Promise.all(
    Array.from({ length: times }, async () => {
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
      return Buffer.from(await response.arrayBuffer())
    }),
  )
  const took = performance.now() - started
  for (const body of bodies) expect(body.equals(BODY)).toBe(true)
  return took
}

test('carries bytes unchanged and counts them', async () => {
  const throttle = await proxy(UNLIMITED)
  await download(throttle.port, 3)
  expect(throttle.downBytes).toBeGreaterThan(3 * BODY.length)
  expect(throttle.upBytes).toBeGreaterThan(0)
})

test('a download takes its bytes over the bandwidth, and the round trips', async () => {
  const throttle = await proxy({ ...UNLIMITED, downBytesPerSecond: MBIT20, roundTripMs: 40 })
  // 200 ms on the link, one round trip to connect, one to ask.
  expect(await download(throttle.port, 1)).toBeGreaterThan(275)
})

test('connections share the link', async () => {
  const throttle = await proxy({ ...UNLIMITED, downBytesPerSecond: MBIT20 })
  expect(await download(throttle.port, 4)).toBeGreaterThan(790)
})

test('uploads are shaped by their own rate', async () => {
  const throttle = await proxy({ ...UNLIMITED, upBytesPerSecond: MBIT20 })
  const started = performance.now()
  const response = await fetch(`http://127.0.0.1:${throttle.port}/`, { method: 'POST', body: BODY })
  expect(await response.text()).toBe(String(BODY.length))
  expect(performance.now() - started).toBeGreaterThan(190)
})

test('a server that is not there ends the connection', async () => {
  const throttle = await startThrottleProxy({ ...UNLIMITED, targetPort: 9 })
  open.push(throttle)
  await expect(fetch(`http://127.0.0.1:${throttle.port}/`)).rejects.toThrow()
})
