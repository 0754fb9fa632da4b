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

/** A WebSocket that writes when the test says so, in order: data, pings and pongs. */
class SlowSocket extends SilentSocket {
  readonly #queue: { readonly bytes: number; readonly written: () => void }[] = []

  send(data: Uint8Array, _options: unknown, written: () => void): void {
    this.#add(data.byteLength, written)
  }

  override ping(payload: Buffer, _mask?: boolean, written: () => void = () => undefined): void {
    super.ping(payload)
    this.#add(payload.byteLength, written)
  }

  override pong(data?: Buffer, _mask?: boolean, written: () => void = () => undefined): void {
    super.pong()
    this.#add(data?.byteLength ?? 0, written)
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** The next thing that waits leaves. */
  write(): void {
    const next = this.#queue.shift()
    if (next === undefined) return
    this.bufferedAmount -= next.bytes
    next.written()
  }

  #add(bytes: number, written: () => void): void {
    this.bufferedAmount += bytes
    this.#queue.push({ bytes, written })
  }
}

test.each<[string, (socket: SlowSocket, connection: WebSocketConnection) => unknown]>([
  ['nothing', () => undefined],
  ['a ping', (_socket, connection) => connection.ping()],
  [
    'an answer to a ping that is as long as may wait',
    (socket) => socket.emit('ping', Buffer.alloc(WEB_SOCKET_WAITING_BYTES)),
  ],
])('goes on sending once what waited has left, whatever waits with it: %s', async (_what, also) => {
  const socket = new SlowSocket()
  const connection = connectionOf(socket)
  let drains = 0
  connection.addEventListener('drain', () => (drains += 1))
  expect(connection.send(new Uint8Array(WEB_SOCKET_WAITING_BYTES))).toBe(false)
  also(socket, connection)
  expect(connection.send(new Uint8Array(1)), 'waits in the connection').toBe(false)
  while (socket.waiting > 0) socket.write()
  expect(drains).toBe(1)
  await expect.poll(() => socket.waiting).toBe(1)
  socket.write()
  expect([drains, socket.bufferedAmount, connection.writableNeedsDrain]).toEqual([1, 0, false])
})

test('goes on sending before all has left: half of what may wait keeps the line busy', () => {
  const socket = new SlowSocket()
  const connection = connectionOf(socket)
  for (let at = 0; at < 8; at++) connection.send(new Uint8Array(WEB_SOCKET_WAITING_BYTES / 8))
  expect(connection.writableNeedsDrain).toBe(true)
  while (connection.writableNeedsDrain) socket.write()
  expect(socket.bufferedAmount).toBeGreaterThan(0)
})
