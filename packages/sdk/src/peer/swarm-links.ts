import type { Connection, Stream } from '@libp2p/interface'
import type { Swarm } from '@blackhole/swarm'
import { BlackholeError, CDN_PROTOCOL, CONTROL_TIMEOUT_MS } from '@blackhole/protocol'
import type { PeerNode } from '../node/create-libp2p.ts'
import { frameChannelOf } from '../node/data-channel-frames.ts'
import { pathRttOf } from '../node/path-rtt.ts'

/** What the links need. */
export interface SwarmLinksComponents {
  readonly node: Pick<PeerNode, 'handle' | 'unhandle' | 'getConnections'>
  readonly swarm: Pick<Swarm, 'addStream' | 'removePeer' | 'isBanned'>
  readonly now: () => number
}

/** Options of {@link SwarmLinks}. */
export interface SwarmLinksInit {
  /** Other visitors that may be linked at once. */
  readonly maxPeers: number
  /** Relays are asked only for what no visitor has, and don't count as visitors. */
  readonly isRelay: (peer: string) => boolean
}

interface Link {
  readonly connection: Connection
  readonly stream: Stream
}

/** Both sides may dial at once, so a few streams may briefly be open; more is a flood. */
const MAX_STREAMS_PER_CONNECTION = 4

const CLOSE_TIMEOUT_MS = 1_000

/** A connection younger than this may still be in use by the dial that made it. */
const DOUBLE_AGE_MS = 10_000

/**
 * The cdn streams of one site. Hands each stream to the swarm, which keeps one
 * per peer: of two that were opened at once, the one of the smaller peer id.
 */
export class SwarmLinks {
  readonly #components: SwarmLinksComponents
  readonly #init: SwarmLinksInit
  readonly #links = new Map<string, Set<Link>>()

  constructor(components: SwarmLinksComponents, init: SwarmLinksInit) {
    this.#components = components
    this.#init = init
  }

  async start(): Promise<void> {
    await this.#components.node.handle(
      CDN_PROTOCOL,
      (stream, connection) => {
        void this.#adopt({ stream, connection }, 'inbound').catch((error: unknown) => {
          abort(stream, error)
        })
      },
      { maxInboundStreams: MAX_STREAMS_PER_CONNECTION, maxOutboundStreams: MAX_STREAMS_PER_CONNECTION },
    )
  }

  async stop(): Promise<void> {
    await this.#components.node.unhandle(CDN_PROTOCOL)
    for (const peer of [...this.#links.keys()]) this.#components.swarm.removePeer(peer)
  }

  /** Whether a cdn stream with the peer is open or being opened. */
  has(peer: string): boolean {
    return this.#links.has(peer)
  }

  /** Visitors that are linked, relays not counted. */
  get visitors(): string[] {
    return [...this.#links.keys()].filter((peer) => !this.#init.isRelay(peer))
  }

  /**
   * Opens a cdn stream over a connection, unless there is one. Resolves when both sides have greeted.
   *
   * @throws {BlackholeError} `banned` when the peer sent bad bytes before, `limit` when there are enough peers
   */
  async open(connection: Connection, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.has(connection.remotePeer.toString())) return
    const deadline = AbortSignal.timeout(CONTROL_TIMEOUT_MS)
    const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline])
    const stream = await connection.newStream(CDN_PROTOCOL, { signal })
    try {
      await this.#adopt({ stream, connection }, 'outbound')
    } catch (error) {
      abort(stream, error)
      throw error
    }
  }

  /** Ends the exchange with a peer, and its connections. */
  drop(peer: string): void {
    const connections = new Set([...(this.#links.get(peer) ?? [])].map(({ connection }) => connection))
    this.#components.swarm.removePeer(peer)
    for (const connection of connections) {
      connection.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) }).catch((error: unknown) => {
        abort(connection, error)
      })
    }
  }

  /** Closes connections to linked peers that carry no cdn stream: relayed ones that led to a direct one, and doubles. */
  async prune(): Promise<void> {
    for (const links of [...this.#links.values()]) {
      const used = new Set([...links].map(({ connection }) => connection))
      const [first] = used
      if (first === undefined) continue
      for (const connection of this.#components.node.getConnections(first.remotePeer)) {
        if (used.has(connection) || connection.timeline.open + DOUBLE_AGE_MS > this.#components.now()) continue
        await connection.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) }).catch((error: unknown) => {
          abort(connection, error)
        })
      }
    }
  }

  async #adopt(link: Link, direction: 'inbound' | 'outbound'): Promise<void> {
    const peer = link.connection.remotePeer.toString()
    const lastResort = this.#init.isRelay(peer)
    if (!lastResort && !this.has(peer) && this.visitors.length >= this.#init.maxPeers) {
      throw new BlackholeError('limit', `No more than ${String(this.#init.maxPeers)} peers are linked at once`, {
        subject: peer,
      })
    }
    const links = this.#links.get(peer) ?? new Set()
    this.#links.set(peer, links.add(link))
    const forget = (): void => {
      links.delete(link)
      if (links.size === 0 && this.#links.get(peer) === links) this.#links.delete(peer)
    }
    link.stream.addEventListener('close', forget, { once: true })
    try {
      const frameChannel = frameChannelOf(link.stream)
      const measurePath = (): Promise<number | undefined> => pathRttOf(link.connection)
      await this.#components.swarm.addStream({
        ...{ peer, stream: link.stream, frameChannel, direction, lastResort, measurePath },
      })
    } catch (error) {
      forget()
      throw error
    }
  }
}

function abort(closable: { abort(error: Error): void }, error: unknown): void {
  closable.abort(error instanceof Error ? error : new Error(String(error)))
}
