import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { MAX_SOCKETS_PER_ADDRESS } from './limits.ts'
import { connectVisitor, startTestRelay } from './relay-harness.ts'
import type { TestRelay } from './relay-harness.ts'

/** Asks for /healthz from an address of this machine. */
async function healthFrom(relay: TestRelay, localAddress: string): Promise<number | undefined> {
  const { port } = new URL(relay.relay.url)
  const asked = request({ host: '127.0.0.1', port, localAddress, path: '/healthz', agent: false })
  asked.end()
  const [response] = (await once(asked, 'response')) as [{ statusCode?: number; resume(): void }]
  response.resume()
  return response.statusCode
}

test('10,000 connections from one address: that address is held to its share, others are served', async () => {
  const relay = await startTestRelay()
  const port = Number(new URL(relay.relay.url).port)
  const sockets: Socket[] = []
  let refused = 0
  let asking = 0
  try {
    const visitor = await connectVisitor(relay.relay)
    const open = async (): Promise<void> => {
      const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.66' })
      socket.on('error', () => undefined)
      socket.once('close', () => (refused += 1))
      sockets.push(socket)
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined)
    }
    for (let batch = 0; batch < 20; batch += 1) {
      await Promise.all(Array.from({ length: 500 }, open))
      expect(await healthFrom(relay, '127.0.0.1')).toBe(200)
      asking += 1
    }
    await expect.poll(() => refused, { timeout: 5_000 }).toBe(10_000 - MAX_SOCKETS_PER_ADDRESS)
    expect(asking).toBe(20)
    expect(visitor.getConnections()).toHaveLength(1)
    await expect(healthFrom(relay, '127.0.0.66')).rejects.toThrow()

    for (const socket of sockets) socket.destroy()
    await expect.poll(() => healthFrom(relay, '127.0.0.66').catch(() => 0), { timeout: 5_000 }).toBe(200)
    await visitor.stop()
  } finally {
    for (const socket of sockets) socket.destroy()
    await relay.stop()
  }
}, 30_000)

test('WebSockets from one address come at a rate that the relay sets', async () => {
  const relay = await startTestRelay({ socketsPerSecondPerAddress: 5 })
  try {
    const { port } = new URL(relay.relay.url)
    const upgrade = async (): Promise<number | undefined> => {
      const asked = request({
        host: '127.0.0.1',
        port,
        agent: false,
        headers: {
          connection: 'upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        },
      })
      asked.on('upgrade', (_response, socket) => socket.destroy())
      asked.end()
      const [response] = (await Promise.race([once(asked, 'upgrade'), once(asked, 'response')])) as [
        { statusCode?: number },
      ]
      return response.statusCode
    }
    const answers: (number | undefined)[] = []
    for (let at = 0; at < 30; at += 1) answers.push(await upgrade())
    expect(answers.slice(0, 10)).toEqual(Array(10).fill(101))
    expect(answers.filter((status) => status === 429).length).toBeGreaterThan(10)
  } finally {
    await relay.stop()
  }
})
