import type { Connection, PeerId, StreamHandler, Topology } from '@libp2p/interface'
import type { Registrar } from '@libp2p/interface-internal'
import { BlackholeError } from '@blackhole/protocol'
import { FELLOW_ANSWER_MS } from './limits.ts'

/** How often a stream that came before its sender was admitted looks again. */
const LOOK_AGAIN_MS = 20

/**
 * Keeps Kademlia and GossipSub among admitted relays. A visitor's connection
 * ends at the same libp2p node, and must not be able to fill the routing table,
 * store in the DHT, or be grafted into a mesh. {@link registrarFor} stands in
 * for libp2p's registrar: both services see fellows only, from the moment when
 * they are admitted.
 */
export class FellowGate {
  readonly #admitted = new Map<string, Connection>()
  readonly #topologies = new Map<string, Topology>()
  #nextId = 0

  /** Whether a relay is admitted now. */
  has(peer: string): boolean {
    return this.#admitted.has(peer)
  }

  /** Lets a relay in: services meet it now. */
  admit(connection: Connection): void {
    const peer = connection.remotePeer
    if (this.has(peer.toString())) return
    this.#admitted.set(peer.toString(), connection)
    for (const topology of this.#topologies.values()) void topology.onConnect?.(peer, connection)
  }

  /** Shuts a relay out: it is gone, or behaved badly. */
  expel(peer: PeerId): void {
    if (!this.#admitted.delete(peer.toString())) return
    for (const topology of this.#topologies.values()) void topology.onDisconnect?.(peer)
  }

  /** The registrar as services of the federation see it. */
  registrarFor(registrar: Registrar): Registrar {
    return {
      getProtocols: () => registrar.getProtocols(),
      handle: (protocol, handler, options) => registrar.handle(protocol, this.#guarded(handler), options),
      unhandle: (protocol, options) => registrar.unhandle(protocol, options),
      getHandler: (protocol) => registrar.getHandler(protocol),
      use: (protocol, middleware) => {
        registrar.use(protocol, middleware)
      },
      unuse: (protocol) => {
        registrar.unuse(protocol)
      },
      getMiddleware: (protocol) => registrar.getMiddleware(protocol),
      register: (_protocol, topology) => {
        const id = `fellow-${String((this.#nextId += 1))}`
        this.#topologies.set(id, topology)
        for (const connection of this.#admitted.values()) void topology.onConnect?.(connection.remotePeer, connection)
        return Promise.resolve(id)
      },
      unregister: (id) => {
        this.#topologies.delete(id)
      },
      getTopologies: () => [...this.#topologies.values()],
    }
  }

  /** Both sides greet at once: a stream may be here a moment before its sender is admitted. */
  #guarded(handler: StreamHandler): StreamHandler {
    return async (stream, connection) => {
      const peer = connection.remotePeer.toString()
      for (let waited = 0; !this.has(peer); waited += LOOK_AGAIN_MS) {
        if (waited >= FELLOW_ANSWER_MS || stream.status !== 'open' || connection.status !== 'open') {
          stream.abort(new BlackholeError('forbidden', 'Only relays of the federation may speak this protocol'))
          return
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
      }
      await handler(stream, connection)
    }
  }
}
