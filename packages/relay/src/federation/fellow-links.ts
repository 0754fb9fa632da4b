import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerInfo, Startable } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Logger } from 'pino'
import {
  FELLOW_ANSWER_MS,
  FELLOW_REDIAL_MS,
  FELLOW_SEARCH_MS,
  MAX_FELLOWS,
  MAX_FELLOW_FAILURES,
  MAX_FELLOW_REDIAL_MS,
  MAX_KNOWN_FELLOWS,
} from './limits.ts'
import type { RelayNode } from '../net/node.ts'
import { isWebSocket, peerOf } from './fellow-address.ts'
import type { Fellow, Fellows } from './fellows.ts'

/** What {@link FellowLinks} works with. */
export interface FellowLinksComponents {
  node: RelayNode
  dht: KadDHT
  fellows: Fellows
  log: Logger
  now: () => number
  random: () => number
}

/** A relay that is to be linked. */
interface Known {
  /** Unknown of a configured one whose address names none, until it was reached. */
  peer: string | undefined
  addresses: readonly Multiaddr[]
  readonly isConfigured: boolean
  failures: number
  /** Not dialled before, milliseconds since 1970. */
  notBefore: number
  dialling: boolean
}

/** How often due dials are looked for. */
const TICK_MS = 1_000

/** Finds other relays, and keeps links with those that were configured and as many as there is room for. */
export class FellowLinks implements Startable {
  readonly #components: FellowLinksComponents
  readonly #known: Known[]
  readonly #stopped = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #searching: Promise<void> | undefined
  #searchAt = 0

  constructor(components: FellowLinksComponents, init: { configured: readonly Multiaddr[] }) {
    this.#components = components
    this.#known = init.configured.map((address) => ({
      peer: peerOf(address),
      addresses: [address],
      isConfigured: true,
      failures: 0,
      notBefore: 0,
      dialling: false,
    }))
  }

  /** Whether an operator named the relay. */
  isConfigured(peer: string): boolean {
    return this.#known.some((known) => known.isConfigured && known.peer === peer)
  }

  start(): void {
    const { fellows } = this.#components
    fellows.addEventListener('join', this.#onJoin)
    fellows.addEventListener('leave', this.#onLeave)
    this.#timer = setInterval(this.#tick, TICK_MS)
    this.#timer.unref()
    this.#tick()
  }

  async stop(): Promise<void> {
    const { fellows } = this.#components
    clearInterval(this.#timer)
    fellows.removeEventListener('join', this.#onJoin)
    fellows.removeEventListener('leave', this.#onLeave)
    this.#stopped.abort()
    await this.#searching
  }

  readonly #onJoin = (event: CustomEvent<Fellow>): void => {
    const known = this.#known.find(({ peer }) => peer === event.detail.peer)
    if (known !== undefined) known.failures = 0
    // It may know relays that this one doesn't.
    this.#searchAt = 0
    this.#tick()
  }

  readonly #onLeave = (event: CustomEvent<Fellow>): void => {
    const known = this.#known.find(({ peer }) => peer === event.detail.peer)
    if (known !== undefined) known.notBefore = this.#components.now() + this.#wait(0)
  }

  readonly #tick = (): void => {
    const { fellows, now } = this.#components
    if (this.#stopped.signal.aborted) return
    for (const known of [...this.#known]) {
      if (known.dialling || known.notBefore > now()) continue
      if (known.peer !== undefined && fellows.get(known.peer) !== undefined) continue
      if (!known.isConfigured && fellows.list().length >= MAX_FELLOWS) continue
      void this.#dial(known)
    }
    if (this.#searching !== undefined || this.#searchAt > now() || fellows.list().length === 0) return
    this.#searchAt = now() + FELLOW_SEARCH_MS
    this.#searching = this.#search().finally(() => {
      this.#searching = undefined
    })
  }

  async #dial(known: Known): Promise<void> {
    const { node, log, now } = this.#components
    known.dialling = true
    try {
      const connection = await node.dial([...known.addresses], {
        signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(FELLOW_ANSWER_MS)]),
      })
      known.peer = connection.remotePeer.toString()
      // Greeted once both know each other's protocols; one that is no relay of this federation is not asked again soon.
    } catch (error) {
      if (!this.#stopped.signal.aborted)
        log.debug({ err: error, address: String(known.addresses[0]) }, 'a fellow relay could not be reached')
    }
    known.dialling = false
    known.failures += 1
    known.notBefore = now() + this.#wait(known.failures)
    if (!known.isConfigured && known.failures > MAX_FELLOW_FAILURES) this.#known.splice(this.#known.indexOf(known), 1)
  }

  #wait(failures: number): number {
    const { random } = this.#components
    return Math.min(FELLOW_REDIAL_MS * 2 ** failures, MAX_FELLOW_REDIAL_MS) * (0.5 + random())
  }

  /** Asks the DHT for the relays nearest to this one: with fewer than 20 in all, for all. */
  async #search(): Promise<void> {
    const { dht, node, log } = this.#components
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(6 * FELLOW_ANSWER_MS)])
    try {
      for await (const event of dht.getClosestPeers(node.peerId.toMultihash().bytes, { signal })) {
        if (event.name === 'PEER_RESPONSE') for (const found of event.closer) this.#offer(found)
        if (event.name === 'FINAL_PEER') this.#offer(event.peer)
      }
    } catch (error) {
      if (!this.#stopped.signal.aborted) log.debug({ err: error }, 'the search for other relays failed')
    }
    if (!this.#stopped.signal.aborted) this.#tick()
  }

  #offer(found: PeerInfo): void {
    const { node } = this.#components
    const peer = found.id.toString()
    if (found.id.equals(node.peerId)) return
    const addresses = found.multiaddrs
      .filter((address) => isWebSocket(address))
      .slice(0, 8)
      .map((address) => (peerOf(address) === undefined ? address.encapsulate(`/p2p/${peer}`) : address))
      .filter((address) => peerOf(address) === peer)
    const known = this.#known.find((each) => each.peer === peer)
    if (known !== undefined) {
      if (!known.isConfigured && addresses.length > 0) known.addresses = addresses
      return
    }
    if (addresses.length === 0 || this.#known.length >= MAX_KNOWN_FELLOWS) return
    this.#known.push({
      peer: peerIdFromString(peer).toString(),
      addresses,
      isConfigured: false,
      failures: 0,
      notBefore: 0,
      dialling: false,
    })
  }
}
