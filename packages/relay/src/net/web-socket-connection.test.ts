import { EventEmitter } from 'node:events'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { libp2pLogger } from '../log.ts'
import { WEB_SOCKET_WAITING_BYTES } from '../limits.ts'
import { WebSocketConnection } from './web-socket-connection.ts'

/** A WebSocket whose other end is gone, or answers when the test says so. */
class SilentSocket extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  bufferedAmount = 0
  pings = 0
  payload: Buffer = Buffer.alloc(0)
  pongs = 0
  terminated = false

  ping(payload: Buffer): void {
    this.pings += 1
    this.payload = payload
  }

  pong(): void {
    this.pongs += 1
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
  socket.emit('pong', socket.payload)
  connection.ping()
  expect([socket.pings, connection.status]).toEqual([2, 'open'])
  connection.ping()
  connection.ping()
  expect([socket.terminated, connection.status]).toEqual([true, 'aborted'])
})

test('an answer that the visitor could have made up says nothing', () => {
  const socket = new SilentSocket()
  const connection = connectionOf(socket)
  const carried: { rtt?: number } = {}
  connection.carry(carried)
  connection.ping()
  socket.emit('pong', Buffer.alloc(0))
  expect(carried.rtt).toBeUndefined()
  connection.ping()
  connection.ping()
  expect(socket.terminated).toBe(true)
})

test('one who reads slowly what was sent before the ping has longer, one who reads nothing is sent no more answers', () => {
  const slow = new SilentSocket()
  const connection = connectionOf(slow)
  slow.bufferedAmount = 1_000_000
  connection.ping()
  for (let at = 0; at < 4; at++) {
    slow.bufferedAmount -= 100_000
    connection.ping()
  }
  expect(slow.terminated).toBe(false)

  const flooding = new SilentSocket()
  connectionOf(flooding)
  flooding.emit('ping', Buffer.from('hi'))
  flooding.bufferedAmount = WEB_SOCKET_WAITING_BYTES + 1
  flooding.emit('ping', Buffer.from('hi'))
  expect([flooding.pongs, flooding.terminated]).toEqual([1, true])
})

test("libp2p's connection is told each round trip, the one before it was made included", () => {
  const socket = new SilentSocket()
  const connection = connectionOf(socket)
  connection.ping()
  socket.emit('pong', socket.payload)
  const carried: { rtt?: number } = {}
  connection.carry(carried)
  expect(carried.rtt).toBeGreaterThanOrEqual(0)
  delete carried.rtt
  connection.ping()
  socket.emit('pong', socket.payload)
  expect(carried.rtt).toBeGreaterThanOrEqual(0)
})
