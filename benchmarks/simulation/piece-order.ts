import { Availability } from '@blackhole/swarm'
import type { Random } from '@blackhole/testkit/simulation/draws'

/** In which order the background takes pieces. */
export type PieceOrder = 'rarest' | 'random' | 'in order'

/** The product's availability, or one that gives its picker another order. */
export function availabilityFor(order: PieceOrder): Availability {
  if (order === 'rarest') return new Availability()
  return order === 'random' ? new RandomOrder() : new InOrder()
}

/** Keeps the wanted pieces besides, since the product's own are sorted by rarity. */
class OtherOrder extends Availability {
  protected readonly pieces = new Set<number>()

  override want(piece: number): void {
    super.want(piece)
    this.pieces.add(piece)
  }

  override unwant(piece: number): void {
    super.unwant(piece)
    this.pieces.delete(piece)
  }
}

/** Lower numbers first, as a player that plays a file from its beginning would ask. */
class InOrder extends OtherOrder {
  override *rarestFirst(): Generator<number> {
    for (const piece of [...this.pieces].sort((a, b) => a - b)) if (this.count(piece) > 0) yield piece
  }
}

/** Any piece that somebody holds. */
class RandomOrder extends OtherOrder {
  override *rarestFirst(random: Random): Generator<number> {
    const pieces = [...this.pieces]
    for (let left = pieces.length; left > 0; left -= 1) {
      const at = Math.floor(random() * left)
      const piece = pieces[at]
      const last = pieces[left - 1]
      if (piece === undefined || last === undefined) return
      pieces[at] = last
      if (this.count(piece) > 0) yield piece
    }
  }
}
