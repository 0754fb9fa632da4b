import { AbstractMultiaddrConnection } from '@libp2p/utils'
import type { Connection, Logger } from '@libp2p/interface'
import type { SendResult } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Uint8ArrayList } from 'uint8arraylist'
import type { WebSocket } from 'ws'
import { DeadlineError } from '@blackhole/protocol'
import { WEB_SOCKET_FRAME_BYTES, WEB_SOCKET_WAITING_BYTES } from '../limits.ts'

/** What a {@link WebSocketConnection} is made of. */
export interface WebSocketConnectionInit {
  readonly socket: WebSocket
  readonly remoteAddr: Multiaddr
  readonly log: Logger
}

/** Status of a WebSocket that ended without a closing handshake (RFC 6455, section 7.4.1). */
const ABNORMAL = 1006

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
  #pingedAt: number | undefined
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
    socket.on('pong', () => {
      if (this.#pingedAt === undefined) return
      this.#rttMs = performance.now() - this.#pingedAt
      this.#pingedAt = undefined
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
   * too busy to read one.
   */
  ping(): void {
    if (this.#pingedAt === undefined) {
      if (this.#socket.readyState !== this.#socket.OPEN) return
      this.#pingedAt = performance.now()
      this.#missed = 0
      this.#socket.ping()
      return
    }
    this.#missed += 1
    if (this.#missed >= 2)
      this.abort(new DeadlineError("The answer to a WebSocket's ping", performance.now() - this.#pingedAt))
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
    this.#socket.send(bytes, { binary: true, compress: false }, this.#onWritten)
  }

  #forget(): void {
    this.#waiting = []
    this.#waitingBytes = 0
  }

  readonly #onWritten = (): void => {
    if (this.writableNeedsDrain && this.#socket.bufferedAmount === 0) this.safeDispatchEvent('drain')
  }
}
