import type { PeerId } from '@libp2p/interface'
import type { RelayNode } from './node.ts'

/**
 * Ends the reservation of a peer when its last connection closes. js-libp2p
 * keeps it for two hours, during which nobody can be connected to it and it
 * takes one of the places: a busy site would fill all of them with visitors
 * who have left.
 *
 * @returns stops doing so
 */
export function endReservationsOnDisconnect(node: RelayNode): () => void {
  const { reservations } = node.services.relay
  const onDisconnect = (event: CustomEvent<PeerId>): void => {
    const reservation = reservations.get(event.detail)
    if (reservation === undefined) return
    // Its timer would otherwise end a later reservation of the same peer.
    reservation.signal.clear()
    reservations.delete(event.detail)
  }
  node.addEventListener('peer:disconnect', onDisconnect)
  return () => {
    node.removeEventListener('peer:disconnect', onDisconnect)
  }
}
