import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Server as TlsServer } from 'node:https'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ValidationError } from '@blackhole/protocol'
import type { Logger } from 'pino'
import {
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  MAX_HEADER_BYTES,
  MAX_SOCKETS,
  REQUEST_TIMEOUT_MS,
  SHUTDOWN_TIMEOUT_MS,
  STALLED_ANSWER_MS,
} from '../limits.ts'
import type { UpgradeHandler } from '../net/upgrades.ts'
import { RateLimiter, addressKey } from '../rate-limiter.ts'
import { AnswerTurns } from './answer-turns.ts'
import type { AnswerTurnsInit } from './answer-turns.ts'
import { clientAddress, isTrustedProxy } from './client-address.ts'
import { StalledAnswers } from './stalled-answers.ts'
import type { TlsContext } from './tls-files.ts'

/** What {@link FrontServer} works with. */
export interface FrontServerComponents {
  log: Logger
  now: () => number
}

/** Options of {@link FrontServer}. */
export interface FrontServerInit {
  host: string
  port: number
  trustProxy: boolean
  maxSocketsPerAddress: number
  socketsPerSecondPerAddress: number
  /** Answers under way per address. */
  maxAnswersPerAddress: number
  /** An answer of which nothing is taken for so long ends. Default {@link STALLED_ANSWER_MS}. */
  stalledAnswerMs?: number | undefined
  /** Other bounds of requests that wait for their turn. */
  turns?: Omit<AnswerTurnsInit, 'maxPerAddress'> | undefined
  /** Certificate and key; undefined for HTTP. */
  tls?: TlsContext | undefined
}

/** Answers one request of Node. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

/**
 * The relay's one TCP port: HTTP for everything, WebSocket upgrades for
 * libp2p. It counts connections and answers per address before anything else
 * does, so that a flood from one address ends here, and so do answers that
 * nobody reads.
 */
export class FrontServer {
  readonly #components: FrontServerComponents
  readonly #init: FrontServerInit
  readonly #server: Server | TlsServer
  readonly #perAddress = new Map<string, number>()
  readonly #upgraded = new Set<Duplex>()
  /** Answers under way. */
  readonly #answers = new Set<ServerResponse>()
  readonly #limiter: RateLimiter
  readonly #turns: AnswerTurns
  readonly #stalled: StalledAnswers
  #onRequest: RequestHandler | undefined
  #onUpgrade: UpgradeHandler | undefined
  #refused = 0
  #drained: (() => void) | undefined

  constructor(components: FrontServerComponents, init: FrontServerInit) {
    this.#components = components
    this.#init = init
    this.#limiter = new RateLimiter(components, {
      perSecond: init.socketsPerSecondPerAddress,
      burst: 2 * init.socketsPerSecondPerAddress,
    })
    this.#turns = new AnswerTurns({ ...init.turns, maxPerAddress: init.maxAnswersPerAddress })
    this.#stalled = new StalledAnswers(init.stalledAnswerMs ?? STALLED_ANSWER_MS, ({ req }) => {
      components.log.info({ url: req.url?.slice(0, 200) }, 'an answer that nobody reads was cut')
    })
    const options = {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: 5_000,
      noDelay: true,
    }
    this.#server = init.tls === undefined ? createServer(options) : createTlsServer({ ...options, ...init.tls })
    this.#server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
    this.#server.maxConnections = MAX_SOCKETS
    this.#server.on('connection', this.#onConnection)
    this.#server.on('request', this.#answer)
    this.#server.on('upgrade', this.#upgrade)
    this.#server.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
      else socket.destroy()
    })
  }

  /** The bound TCP port. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0
  }

  /** Connections and requests refused because their address had too many. */
  get refused(): number {
    return this.#refused + this.#turns.refused
  }

  /** Takes requests from now on; until then, and while stopping, all get 503: `/healthz`, too. */
  handle(onRequest: RequestHandler, onUpgrade: UpgradeHandler): void {
    this.#onRequest = onRequest
    this.#onUpgrade = onUpgrade
  }

  /** Uses another certificate for connections from now on. */
  renew(tls: TlsContext): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(tls)
  }

  /** @throws {ValidationError} naming `port` or `host` when the port is taken or the address isn't this machine's */
  async listen(): Promise<void> {
    const { host, port } = this.#init
    try {
      this.#server.listen({ host, port, backlog: 1024 })
      await once(this.#server, 'listening')
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'EADDRINUSE')
        throw new ValidationError('port', `a free port of ${host} (another program has this one)`, port, { cause })
      if (code === 'EACCES')
        throw new ValidationError('port', 'a port that this user may listen on (1024 and above)', port, { cause })
      throw new ValidationError('host', 'an address of this machine', host, { cause })
    }
  }

  /**
   * Takes no more connections and no more requests, and waits until all
   * answers under way have ended: whole, or cut after
   * {@link SHUTDOWN_TIMEOUT_MS}. WebSockets stay, for libp2p to close.
   */
  async drain(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    if (this.#answers.size === 0) return
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#drained = () => {
      resolve(undefined)
    }
    const force = setTimeout(() => {
      this.#components.log.warn({ answers: this.#answers.size }, 'answers that took too long were cut')
      this.#server.closeAllConnections()
    }, SHUTDOWN_TIMEOUT_MS)
    try {
      await promise
    } finally {
      clearTimeout(force)
    }
  }

  /** Closes all, after {@link drain}. */
  async close(): Promise<void> {
    await this.drain()
    this.#server.closeAllConnections()
    for (const socket of this.#upgraded) socket.destroy()
  }

  readonly #answer = (request: IncomingMessage, response: ServerResponse): void => {
    // While stopping, a connection that is still open is for the answer that it carries.
    const stopping = !this.#server.listening
    if (this.#onRequest === undefined || stopping) {
      response.writeHead(503, { 'Retry-After': '1', ...(stopping ? { Connection: 'close' } : {}) }).end()
      return
    }
    this.#answers.add(response)
    response.once('close', () => {
      this.#answers.delete(response)
      if (this.#answers.size === 0) this.#drained?.()
    })
    this.#stalled.watch(response, request.socket)
    const onRequest = this.#onRequest
    const key = addressKey(clientAddress(request, this.#init.trustProxy))
    this.#turns.take(key, response, () => {
      onRequest(request, response)
    })
  }

  readonly #onConnection = (socket: Socket): void => {
    const key = addressKey(socket.remoteAddress)
    // All visitors of a trusted proxy have its address; it does its own counting.
    if (isTrustedProxy(socket.remoteAddress, this.#init.trustProxy)) return
    const open = (this.#perAddress.get(key) ?? 0) + 1
    if (open > this.#init.maxSocketsPerAddress) {
      this.#refused += 1
      socket.destroy()
      return
    }
    this.#perAddress.set(key, open)
    socket.once('close', () => {
      const left = (this.#perAddress.get(key) ?? 1) - 1
      if (left <= 0) this.#perAddress.delete(key)
      else this.#perAddress.set(key, left)
    })
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy())
    const address = clientAddress(request, this.#init.trustProxy)
    const ready = this.#onUpgrade !== undefined && this.#server.listening
    if (!ready || request.headers.upgrade?.toLowerCase() !== 'websocket') {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
      return
    }
    if (!this.#limiter.take(addressKey(address))) {
      this.#refused += 1
      socket.end('HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nConnection: close\r\n\r\n')
      return
    }
    this.#upgraded.add(socket)
    socket.once('close', () => this.#upgraded.delete(socket))
    try {
      this.#onUpgrade?.(request, socket, head)
    } catch (error) {
      this.#components.log.debug({ err: error }, 'a WebSocket upgrade failed')
      socket.destroy()
    }
  }
}
