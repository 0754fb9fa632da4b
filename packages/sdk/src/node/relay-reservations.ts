import type { PeerId } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'
import { multiaddr } from '@multiformats/multiaddr'
import { BlackholeError } from '@blackhole/protocol'

/** What is needed of libp2p's insides to make reservations while it runs. */
export interface RelayReservationsComponents {
  readonly transportManager: TransportManager
}

/** The part of libp2p's circuit relay transport that renews a lost reservation. */
interface ReservationStore {
  hasReservation(relay: PeerId): boolean
  addRelay(relay: PeerId, type: 'configured'): Promise<unknown>
}

/**
 * Reservations at relays (circuit relay v2): with one, other visitors can dial
 * this peer through the relay. libp2p makes them when it starts and forgets
 * them with the connection; relays restart and browsers change networks, so
 * this makes them whenever asked.
 */
export class RelayReservations {
  readonly #transportManager: TransportManager
  readonly #listening = new Set<string>()

  constructor(components: RelayReservationsComponents) {
    this.#transportManager = components.transportManager
  }

  /**
   * Makes sure that there is a reservation at a connected relay.
   *
   * @param address - where the relay was dialled, peer id included
   * @throws {BlackholeError} reason `limit` when the relay refused
   */
  async reserve(relay: PeerId, address: string): Promise<void> {
    const store = this.#store()
    if (store.hasReservation(relay)) return
    if (this.#listening.has(relay.toString())) {
      await store.addRelay(relay, 'configured')
    } else {
      await this.#transportManager.listen([multiaddr(`${address}/p2p-circuit`)])
      this.#listening.add(relay.toString())
    }
    if (!store.hasReservation(relay)) {
      throw new BlackholeError('limit', 'The relay gave no reservation, so other visitors cannot dial this peer', {
        subject: relay.toString(),
      })
    }
  }

  #store(): ReservationStore {
    for (const transport of this.#transportManager.getTransports()) {
      if ('reservationStore' in transport) return transport.reservationStore as ReservationStore
    }
    throw new BlackholeError('unsupported', 'libp2p runs without the circuit relay transport')
  }
}
