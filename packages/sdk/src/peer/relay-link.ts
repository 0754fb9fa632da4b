import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { TypedEventEmitter } from 'main-event'
import type { RelayInfo } from '@blackhole/protocol'
import type { PeerNode } from '../node/create-libp2p.ts'
import { isAborted, sleep } from '../sleep.ts'

/** Events of a {@link RelayLink}. */
export interface RelayLinkEvents {
  up: CustomEvent<Connection>
  down: Event
  /** The relay could not be connected; it is tried again. `detail` is the error. */
  failed: CustomEvent<unknown>
}

/** What a link needs. */
export interface RelayLinkComponents {
  readonly node: PeerNode
  readonly random: () => number
}

/** Options of {@link RelayLink}. */
export interface RelayLinkInit {
  readonly info: RelayInfo
  /** Make a reservation, so that other visitors can dial this peer. */
  readonly reserve: boolean
}

/** A relay on this machine or the other side of the world is connected by then, or down. */
const CONNECT_TIMEOUT_MS = 10_000

const BACKOFF_MS = 1_000
const MAX_BACKOFF_MS = 60_000

/** Keeps one relay connected while it runs, with a reservation, redialling with a growing wait. */
export class RelayLink extends TypedEventEmitter<RelayLinkEvents> {
  readonly #node: PeerNode
  readonly #random: () => number
  readonly #init: RelayLinkInit
  #controller: AbortController | undefined
  #running: Promise<void> = Promise.resolve()
  #connection: Connection | undefined

  constructor(components: RelayLinkComponents, init: RelayLinkInit) {
    super()
    this.#node = components.node
    this.#random = components.random
    this.#init = init
  }

  /** Peer id of the relay. */
  get peer(): string {
    return this.#init.info.peerId
  }

  /** The open connection, if there is one. */
  get connection(): Connection | undefined {
    return this.#connection?.status === 'open' ? this.#connection : undefined
  }

  start(): void {
    if (this.#controller !== undefined) return
    this.#controller = new AbortController()
    this.#running = this.#run(this.#controller.signal)
  }

  async stop(): Promise<void> {
    this.#controller?.abort()
    this.#controller = undefined
    await this.#running
  }

  /** Where others reach a peer that has a reservation here: through this relay, by WebRTC. */
  addressOf(peer: string): string | undefined {
    const relay = this.connection?.remoteAddr.toString()
    return relay === undefined ? undefined : `${withPeer(relay, this.peer)}/p2p-circuit/webrtc/p2p/${peer}`
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      try {
        const connection = await this.#connect(signal)
        failures = 0
        await closed(connection, signal)
      } catch (error) {
        failures++
        if (!isAborted(signal)) this.safeDispatchEvent('failed', { detail: error })
      }
      if (this.#connection !== undefined) {
        this.#connection = undefined
        this.safeDispatchEvent('down')
      }
      const wait = Math.min(BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS) * (0.5 + this.#random())
      await sleep(wait, { signal }).catch(() => undefined)
    }
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const connection = await this.#node.dial(
      dialOrder(this.#init.info.addresses).map((address) => multiaddr(address)),
      {
        signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]),
      },
    )
    this.#connection = connection
    this.safeDispatchEvent('up', { detail: connection })
    if (this.#init.reserve) {
      // Without a reservation this peer can still dial others.
      await this.#node.services.reservations
        .reserve(peerIdFromString(this.peer), withPeer(connection.remoteAddr.toString(), this.peer))
        .catch((error: unknown) => {
          this.#node.logger.forComponent('blackhole:relay-link').error('no reservation - %e', error)
        })
    }
    return connection
  }
}

/** WebSockets first: they use the one port that every relay has open. */
function dialOrder(addresses: readonly string[]): string[] {
  const isSocket = (address: string): boolean => /\/wss?(\/|$)/.test(address)
  return [...addresses].sort((a, b) => Number(isSocket(b)) - Number(isSocket(a)))
}

function withPeer(address: string, peer: string): string {
  return address.includes('/p2p/') ? address : `${address}/p2p/${peer}`
}

async function closed(connection: Connection, signal: AbortSignal): Promise<void> {
  if (connection.status !== 'open' || signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const done = (): void => {
    resolve(undefined)
  }
  connection.addEventListener('close', done, { once: true })
  signal.addEventListener('abort', done, { once: true })
  try {
    await promise
  } finally {
    connection.removeEventListener('close', done)
    signal.removeEventListener('abort', done)
  }
}
