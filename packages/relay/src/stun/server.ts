import { createSocket } from 'node:dgram'
import type { RemoteInfo, Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Startable } from '@libp2p/interface'
import { ValidationError } from '@blackhole/protocol'
import type { Logger } from 'pino'
import { STUN_PER_SECOND_PER_ADDRESS } from '../limits.ts'
import { RateLimiter, addressKey } from '../rate-limiter.ts'
import { answerBinding, readBindingRequest } from './message.ts'

/** What {@link StunServer} works with. */
export interface StunServerComponents {
  log: Logger
  now: () => number
}

/** Options of {@link StunServer}. */
export interface StunServerInit {
  host: string
  /** UDP port; 0 for any. */
  port: number
  /** Sent in answers (SOFTWARE attribute). */
  software: string
}

/**
 * Tells visitors which address their NAT gave them (RFC 8489, Binding
 * method), so that nobody else's server needs to know who visits.
 */
export class StunServer implements Startable {
  readonly #log: Logger
  readonly #init: StunServerInit
  readonly #limiter: RateLimiter
  #socket: Socket | undefined
  #answered = 0

  constructor(components: StunServerComponents, init: StunServerInit) {
    this.#log = components.log
    this.#init = init
    this.#limiter = new RateLimiter(components, {
      perSecond: STUN_PER_SECOND_PER_ADDRESS,
      burst: 4 * STUN_PER_SECOND_PER_ADDRESS,
    })
  }

  /** The bound UDP port. */
  get port(): number {
    return this.#socket?.address().port ?? 0
  }

  /** Requests answered so far. */
  get answered(): number {
    return this.#answered
  }

  async start(): Promise<void> {
    const { host, port } = this.#init
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' })
    try {
      socket.bind(port, host)
      await once(socket, 'listening')
    } catch (cause) {
      socket.close()
      throw new ValidationError('stunPort', `a free UDP port of ${host}`, port, { cause })
    }
    socket.on('message', (message, from) => {
      this.#onMessage(message, from)
    })
    socket.on('error', (error) => {
      this.#log.warn({ err: error }, 'STUN socket failed')
    })
    this.#socket = socket
  }

  async stop(): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) return
    this.#socket = undefined
    socket.close()
    await once(socket, 'close')
  }

  #onMessage(message: Buffer, from: RemoteInfo): void {
    const request = readBindingRequest(message)
    if (request === undefined || !this.#limiter.take(addressKey(from.address))) return
    const mapped = from.address.startsWith('::ffff:')
      ? { family: 4 as const, address: from.address.slice(7), port: from.port }
      : { family: from.family === 'IPv6' ? (6 as const) : (4 as const), address: from.address, port: from.port }
    this.#answered += 1
    this.#socket?.send(answerBinding(request, mapped, this.#init.software), from.port, from.address)
  }
}
