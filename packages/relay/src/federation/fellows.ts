import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Connection, PeerId, Startable, Stream } from '@libp2p/interface'
import { pbStream } from '@libp2p/utils'
import { TypedEventEmitter } from 'main-event'
import {
  BlackholeError,
  CONTROL_TIMEOUT_MS,
  FELLOW_PROTOCOL,
  FellowReply,
  FellowRequest,
  FellowVerb,
  MAX_CONTROL_MESSAGE_BYTES,
  decodeControlLength,
  errorFromWire,
  errorToWire,
  parseRelayInfo,
} from '@blackhole/protocol'
import type { RelayInfo } from '@blackhole/protocol'
import type { Logger } from 'pino'
import { FELLOW_REQUESTS_PER_SECOND, MAX_FELLOWS } from './limits.ts'
import type { RelayNode } from '../net/node.ts'
import { RateLimiter } from '../rate-limiter.ts'
import type { FellowGate } from './fellow-gate.ts'

/** A relay of the same federation that is linked now. */
export interface Fellow {
  readonly peer: string
  readonly info: RelayInfo
  readonly connection: Connection
}

/** What {@link Fellows} works with. */
export interface FellowsComponents {
  node: RelayNode
  gate: FellowGate
  log: Logger
  now: () => number
  /** What this relay says of itself. */
  info: () => RelayInfo
  /** What this relay answers about a site's swarm. */
  swarm: (request: FellowRequest) => Omit<FellowReply, 'error' | 'proof' | 'info'>
}

/** Options of {@link Fellows}. */
export interface FellowsInit {
  /** Shared by the federation; empty for an open one. */
  secret: string
  /** Whether a relay, by peer id, is admitted even when there are enough. */
  isConfigured: (peer: string) => boolean
}

/** Events of {@link Fellows}. */
export interface FellowsEvents {
  join: CustomEvent<Fellow>
  leave: CustomEvent<Fellow>
}

const NOTHING = new Uint8Array()
const NO_REPLY: FellowReply = Object.freeze({
  error: '',
  proof: NOTHING,
  info: '',
  peers: [],
  swarmPeers: 0,
  swarmHolders: 0,
})

/**
 * `/blackhole/fellow/1.0.0`: which relays are fellows. Whoever is connected and
 * speaks the protocol is greeted; one that proves to know the federation's
 * secret is admitted, up to {@link MAX_FELLOWS}. The Noise handshake has proved
 * its peer id before, so a proof is bound to both ends and worth nothing to others.
 */
export class Fellows extends TypedEventEmitter<FellowsEvents> implements Startable {
  readonly #components: FellowsComponents
  readonly #init: FellowsInit
  readonly #fellows = new Map<string, Fellow>()
  readonly #limiter: RateLimiter
  #topology = ''

  constructor(components: FellowsComponents, init: FellowsInit) {
    super()
    this.#components = components
    this.#init = init
    this.#limiter = new RateLimiter(components, {
      perSecond: FELLOW_REQUESTS_PER_SECOND,
      burst: 5 * FELLOW_REQUESTS_PER_SECOND,
    })
  }

  /** Those linked now, the longest first. */
  list(): readonly Fellow[] {
    return [...this.#fellows.values()]
  }

  /** The fellow with a peer id. */
  get(peer: string): Fellow | undefined {
    return this.#fellows.get(peer)
  }

  async start(): Promise<void> {
    const { node, log } = this.#components
    await node.handle(FELLOW_PROTOCOL, (stream, connection) => this.#serve(stream, connection), {
      maxInboundStreams: 32,
    })
    this.#topology = await node.register(FELLOW_PROTOCOL, {
      onConnect: (_peer, connection) => {
        this.#greet(connection).catch((error: unknown) => {
          log.debug({ err: error, peer: connection.remotePeer.toString() }, 'a relay was not admitted')
        })
      },
    })
    node.addEventListener('peer:disconnect', this.#onDisconnect)
  }

  async stop(): Promise<void> {
    const { node } = this.#components
    node.removeEventListener('peer:disconnect', this.#onDisconnect)
    node.unregister(this.#topology)
    await node.unhandle(FELLOW_PROTOCOL)
  }

  /**
   * Asks a fellow.
   *
   * @throws {BlackholeError} what it refused with
   */
  async ask(connection: Connection, request: Partial<FellowRequest>, signal: AbortSignal): Promise<FellowReply> {
    const stream = await connection.newStream(FELLOW_PROTOCOL, { signal })
    try {
      const messages = messagesOf(stream)
      const whole = { verb: FellowVerb.FELLOW_UNSPECIFIED, proof: NOTHING, info: '', site: '', want: 0, ...request }
      await messages.write(whole, FellowRequest, { signal })
      const reply = await messages.read(FellowReply, { signal })
      await stream.close({ signal })
      if (reply.error !== '') throw errorFromWire(JSON.parse(reply.error))
      return reply
    } catch (error) {
      stream.abort(asError(error))
      throw error
    }
  }

  async #greet(connection: Connection): Promise<void> {
    if (this.#fellows.has(connection.remotePeer.toString()) || !this.#hasRoom(connection.remotePeer)) return
    const reply = await this.ask(
      connection,
      { verb: FellowVerb.FELLOW_GREET, ...this.#greeting(connection.remotePeer) },
      AbortSignal.timeout(CONTROL_TIMEOUT_MS),
    )
    this.#admit(connection, reply)
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const signal = AbortSignal.timeout(CONTROL_TIMEOUT_MS)
    try {
      const messages = messagesOf(stream)
      const request = await messages.read(FellowRequest, { signal })
      await messages.write(this.#answer(request, connection), FellowReply, { signal })
      await stream.close({ signal })
    } catch (error) {
      stream.abort(asError(error))
    }
  }

  #answer(request: FellowRequest, connection: Connection): FellowReply {
    const peer = connection.remotePeer
    try {
      if (!this.#limiter.take(peer.toString())) throw new BlackholeError('limit', 'A fellow asks too often')
      if (request.verb === FellowVerb.FELLOW_GREET) {
        this.#admit(connection, request)
        return { ...NO_REPLY, ...this.#greeting(peer) }
      }
      if (!this.#fellows.has(peer.toString()))
        throw new BlackholeError('forbidden', 'Only relays of the federation may ask')
      if (request.verb !== FellowVerb.FELLOW_SWARM)
        throw new BlackholeError('unsupported', 'request.verb must be greet or swarm', { subject: 'request.verb' })
      return { ...NO_REPLY, ...this.#components.swarm(request) }
    } catch (error) {
      return { ...NO_REPLY, error: JSON.stringify(errorToWire(error)) }
    }
  }

  #greeting(to: PeerId): { proof: Uint8Array<ArrayBuffer>; info: string } {
    const { node, info } = this.#components
    // What fellows a relay has is its own affair.
    return { proof: this.#proof(node.peerId, to), info: JSON.stringify({ ...info(), fellows: undefined }) }
  }

  #proof(from: PeerId, to: PeerId): Uint8Array<ArrayBuffer> {
    const text = `${FELLOW_PROTOCOL}\n${from.toString()}\n${to.toString()}`
    return new Uint8Array(createHmac('sha256', this.#init.secret).update(text).digest())
  }

  #hasRoom(peer: PeerId): boolean {
    if (this.#fellows.has(peer.toString()) || this.#init.isConfigured(peer.toString())) return true
    const others = [...this.#fellows.keys()].filter((each) => !this.#init.isConfigured(each))
    return others.length < MAX_FELLOWS
  }

  #admit(connection: Connection, greeting: { proof: Uint8Array; info: string }): void {
    const { node, gate, log } = this.#components
    const peer = connection.remotePeer
    const expected = this.#proof(peer, node.peerId)
    if (greeting.proof.length !== expected.length || !timingSafeEqual(greeting.proof, expected))
      throw new BlackholeError('forbidden', 'The relay does not know the secret of this federation')
    if (!this.#hasRoom(peer))
      throw new BlackholeError('limit', `A relay has at most ${String(MAX_FELLOWS)} fellows that it was not told of`)
    const info = parseRelayInfo(JSON.parse(greeting.info))
    if (info.peerId !== peer.toString())
      throw new BlackholeError('forbidden', 'The relay gave the peer id of another one', { subject: 'info.peerId' })
    const fellow = { peer: info.peerId, info, connection }
    const isNew = !this.#fellows.has(fellow.peer)
    this.#fellows.set(fellow.peer, fellow)
    if (!isNew) return
    gate.admit(connection)
    log.info({ peer: fellow.peer }, 'linked with a fellow relay')
    this.safeDispatchEvent('join', { detail: fellow })
  }

  readonly #onDisconnect = (event: CustomEvent<PeerId>): void => {
    const fellow = this.#fellows.get(event.detail.toString())
    if (fellow === undefined) return
    this.#fellows.delete(fellow.peer)
    this.#components.gate.expel(event.detail)
    this.#components.log.info({ peer: fellow.peer }, 'a fellow relay is gone')
    this.safeDispatchEvent('leave', { detail: fellow })
  }
}

function messagesOf(stream: Stream): ReturnType<typeof pbStream<Stream>> {
  return pbStream(stream, { maxDataLength: MAX_CONTROL_MESSAGE_BYTES, lengthDecoder: decodeControlLength })
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
