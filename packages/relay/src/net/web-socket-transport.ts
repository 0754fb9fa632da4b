import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { transportSymbol } from '@libp2p/interface'
import type {
  Connection,
  CreateListenerOptions,
  DialTransportOptions,
  Listener,
  ListenerEvents,
  Logger,
  Transport,
  Upgrader,
} from '@libp2p/interface'
import { ipPortToMultiaddr } from '@libp2p/utils'
import { webSockets } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import { setMaxListeners, TypedEventEmitter } from 'main-event'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { MAX_WEB_SOCKET_MESSAGE_BYTES, WEB_SOCKET_PING_MS } from '../limits.ts'
import { Heartbeat } from './heartbeat.ts'
import { WebSocketConnection } from './web-socket-connection.ts'

/** What {@link WebSocketTransport} works with: libp2p's components. */
export type WebSocketTransportComponents = Parameters<ReturnType<typeof webSockets>>[0]

/** libp2p's WebSocket transport, which listens on no port of its own: the front server hands it upgrade requests. */
export class WebSocketTransport implements Transport {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = 'blackhole-web-sockets'
  readonly #components: WebSocketTransportComponents
  readonly #dialler: Transport

  constructor(components: WebSocketTransportComponents) {
    this.#components = components
    this.#dialler = webSockets()(components)
  }

  dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    return this.#dialler.dial(address, options)
  }

  createListener({ upgrader }: CreateListenerOptions): FrontListener {
    return new FrontListener(this.#components, upgrader)
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.#dialler.listenFilter(addresses)
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.#dialler.dialFilter(addresses)
  }
}

/** Takes WebSockets that came to another server. */
export class FrontListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #log: Logger
  readonly #upgrader: Upgrader
  readonly #stopping = new AbortController()
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // The connection answers pings itself: it knows how much waits already.
    autoPong: false,
    // What is sent is encrypted: it can't be made smaller, and a compressor takes 300 KB of each visitor's memory.
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: MAX_WEB_SOCKET_MESSAGE_BYTES,
  })
  readonly #heartbeat = new Heartbeat({ intervalMs: WEB_SOCKET_PING_MS, parts: 15 })
  /** By what libp2p's connections have of those that they are made of. */
  readonly #greeted = new WeakMap<object, WebSocketConnection>()
  #address: Multiaddr | undefined

  constructor({ logger, events }: WebSocketTransportComponents, upgrader: Upgrader) {
    super()
    // One for each visitor that is being greeted.
    setMaxListeners(Infinity, this.#stopping.signal)
    this.#log = logger.forComponent('libp2p:websockets:connection')
    this.#upgrader = upgrader
    events.addEventListener('connection:open', this.#onOpen)
    this.#stopping.signal.addEventListener('abort', () => {
      events.removeEventListener('connection:open', this.#onOpen)
    })
  }

  /** Takes over an HTTP connection that asked to become a WebSocket. */
  readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { remoteAddress = '0.0.0.0', remotePort = 0 } = request.socket
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#greet(webSocket, ipPortToMultiaddr(remoteAddress, remotePort).encapsulate('/ws'))
    })
  }

  listen(address: Multiaddr): Promise<void> {
    this.#address = address
    this.#heartbeat.start()
    this.safeDispatchEvent('listening')
    return Promise.resolve()
  }

  getAddrs(): Multiaddr[] {
    return this.#address === undefined ? [] : [this.#address]
  }

  updateAnnounceAddrs(): void {
    // The front server's addresses are announced, which its owner knows.
  }

  close(): Promise<void> {
    this.#stopping.abort()
    this.#heartbeat.stop()
    this.#server.close()
    this.safeDispatchEvent('close')
    return Promise.resolve()
  }

  readonly #onOpen = ({ detail: connection }: CustomEvent<Connection>): void => {
    this.#greeted.get(connection.timeline)?.carry(connection)
  }

  #greet(socket: WebSocket, remoteAddr: Multiaddr): void {
    const connection = new WebSocketConnection({ socket, remoteAddr, log: this.#log })
    this.#greeted.set(connection.timeline, connection)
    connection.addEventListener('close', this.#heartbeat.add(connection))
    this.#upgrader.upgradeInbound(connection, { signal: this.#stopping.signal }).catch((error: unknown) => {
      this.#log('a visitor was not greeted - %e', error)
      connection.abort(error instanceof Error ? error : new Error(String(error)))
    })
  }
}
