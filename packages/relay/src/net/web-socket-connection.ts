import { randomBytes } from 'node:crypto'
import { AbstractMultiaddrConnection } from '@libp2p/utils'
import type { Connection, Logger } from '@libp2p/interface'
import type { SendResult } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Uint8ArrayList } from 'uint8arraylist'
import type { WebSocket } from 'ws'
import { DeadlineError, LimitError } from '@blackhole/protocol'
import { WEB_SOCKET_FRAME_BYTES, WEB_SOCKET_WAITING_BYTES } from '../limits.ts'

/** What a {@link WebSocketConnection} is made of. */
export interface WebSocketConnectionInit {
  readonly socket: WebSocket
  readonly remoteAddr: Multiaddr
  readonly log: Logger
}

/** Status of a WebSocket that ended without a closing handshake (RFC 6455, section 7.4.1). */
const ABNORMAL = 1006

/** Bytes of a ping that nobody can guess: an answer without them would make a visitor seem near, or there. */
const PING_BYTES = 8

/** Calls of {@link WebSocketConnection.ping} without an answer after which a visitor is gone; more while what waits for it is being read. */
const MISSED = 2
const MISSED_WHILE_READING = 8

/**
 * A visitor's WebSocket as libp2p takes it: a stream of bytes in binary messages whose borders mean nothing.
 *
 * `@libp2p/websockets` sends each buffer as a message of its own, and Noise writes two for each of Yamux's frames. A
 * system call for each was most of what an answer cost. Here what is written in one turn of the event loop goes out
 * together: one message, one call, and one event at the other end.
 */
export class WebSocketConnection extends AbstractMultiaddrConnection {
  readonly #socket: WebSocket
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #pinged: { readonly at: number; readonly payload: Buffer } | undefined
  #writtenBytes = 0
  #takenBytes = 0
  #missed = 0
  #rttMs: number | undefined
  #carried: Pick<Connection, 'rtt'> | undefined

  constructor({ socket, remoteAddr, log }: WebSocketConnectionInit) {
    super({ remoteAddr, direction: 'inbound', log })
    this.#socket = socket
    socket.on('message', (data: Buffer) => {
      // A plain view: a Buffer's `slice` does not copy, and whoever gets this may count on it.
      this.onData(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    })
    socket.once('close', (code) => {
      // It was ended from here.
      if (this.status !== 'open' && this.status !== 'closing') return
      if (code === ABNORMAL) this.onRemoteReset()
      else this.onTransportClosed()
    })
    socket.on('ping', (data: Buffer) => {
      // Answers to one who reads nothing would pile up.
      if (socket.bufferedAmount > WEB_SOCKET_WAITING_BYTES) {
        this.abort(new LimitError('bytes that wait for a visitor', WEB_SOCKET_WAITING_BYTES, socket.bufferedAmount))
      } else socket.pong(data, false, this.#onWritten)
    })
    socket.on('pong', (data: Buffer) => {
      if (this.#pinged?.payload.equals(data) !== true) return
      this.#rttMs = performance.now() - this.#pinged.at
      this.#pinged = undefined
      if (this.#carried !== undefined) this.#carried.rtt = this.#rttMs
    })
    // What is wrong is in the code of the close that follows.
    socket.on('error', (error) => {
      this.log('the WebSocket failed - %e', error)
    })
  }

  /** Says to libp2p's connection, which was made of this one, how long a round trip is, from now on. */
  carry(connection: Pick<Connection, 'rtt'>): void {
    this.#carried = connection
    if (this.#rttMs !== undefined) connection.rtt = this.#rttMs
  }

  /**
   * Asks the visitor's WebSocket whether it is still there (RFC 6455, section 5.5.2): browsers answer without their page.
   * Ends the connection when there is no answer until the second call after it; until the first, the relay may have been
   * too busy to read one. The ping waits behind what was sent before, so a slow visitor who is reading that has longer.
   */
  ping(): void {
    const taken = this.#writtenBytes - this.#socket.bufferedAmount
    const isReading = this.#socket.bufferedAmount > 0 && taken > this.#takenBytes
    this.#takenBytes = taken
    if (this.#pinged === undefined) {
      if (this.#socket.readyState !== this.#socket.OPEN) return
      this.#pinged = { at: performance.now(), payload: randomBytes(PING_BYTES) }
      this.#missed = 0
      this.#socket.ping(this.#pinged.payload, false, this.#onWritten)
      return
    }
    this.#missed += 1
    if (this.#missed >= (isReading ? MISSED_WHILE_READING : MISSED))
      this.abort(new DeadlineError("The answer to a WebSocket's ping", performance.now() - this.#pinged.at))
  }

  sendData(data: Uint8ArrayList): SendResult {
    if (this.#waitingBytes === 0) setImmediate(this.#flush)
    for (const bytes of data) this.#waiting.push(bytes)
    this.#waitingBytes += data.byteLength
    if (this.#waitingBytes >= WEB_SOCKET_FRAME_BYTES) this.#write()
    return {
      sentBytes: data.byteLength,
      canSendMore: this.#socket.bufferedAmount + this.#waitingBytes < WEB_SOCKET_WAITING_BYTES,
    }
  }

  sendReset(): void {
    this.#forget()
    this.#socket.terminate()
  }

  sendClose(): Promise<void> {
    this.#write()
    this.#socket.close()
    return Promise.resolve()
  }

  sendPause(): void {
    this.#socket.pause()
  }

  sendResume(): void {
    this.#socket.resume()
  }

  readonly #flush = (): void => {
    this.#write()
  }

  #write(): void {
    if (this.#waitingBytes === 0) return
    const bytes = this.#waiting.length === 1 ? this.#waiting[0] : Buffer.concat(this.#waiting, this.#waitingBytes)
    this.#forget()
    if (bytes === undefined || this.#socket.readyState !== this.#socket.OPEN) return
    this.#writtenBytes += bytes.byteLength
    this.#socket.send(bytes, { binary: true, compress: false }, this.#onWritten)
  }

  #forget(): void {
    this.#waiting = []
    this.#waitingBytes = 0
  }

  readonly #onWritten = (): void => {
    if (this.writableNeedsDrain && this.#socket.bufferedAmount < WEB_SOCKET_WAITING_BYTES / 2)
      this.safeDispatchEvent('drain')
  }
}
