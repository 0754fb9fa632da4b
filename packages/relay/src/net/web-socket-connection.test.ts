import { EventEmitter } from 'node:events'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { libp2pLogger } from '../log.ts'
import { WebSocketConnection } from './web-socket-connection.ts'

/** A WebSocket whose other end is gone, or answers when the test says so. */
class SilentSocket extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  bufferedAmount = 0
  pings = 0
  terminated = false

  ping(): void {
    this.pings += 1
  }

  terminate(): void {
    this.terminated = true
    this.emit('close', 1006)
  }
}

function connectionOf(socket: SilentSocket): WebSocketConnection {
  return new WebSocketConnection({
    socket: socket as unknown as WebSocket,
    remoteAddr: multiaddr('/ip4/192.0.2.1/tcp/4000/ws'),
    log: libp2pLogger({}).forComponent('test'),
  })
}

test('a visitor who answers no ping is let go, one who answers late is not', () => {
  const socket = new SilentSocket()
  const connection = connectionOf(socket)
  connection.ping()
  connection.ping()
  expect(socket.terminated).toBe(false)
  socket.emit('pong')
  connection.ping()
  expect([socket.pings, connection.status]).toEqual([2, 'open'])
  connection.ping()
  connection.ping()
  expect([socket.terminated, connection.status]).toEqual([true, 'aborted'])
})

test("libp2p's connection is told each round trip, the one before it was made included", () => {
  const socket = new SilentSocket()
  const connection = connectionOf(socket)
  connection.ping()
  socket.emit('pong')
  const carried: { rtt?: number } = {}
  connection.carry(carried)
  expect(carried.rtt).toBeGreaterThanOrEqual(0)
  delete carried.rtt
  connection.ping()
  socket.emit('pong')
  expect(carried.rtt).toBeGreaterThanOrEqual(0)
})
