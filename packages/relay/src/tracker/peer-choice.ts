/** Where a peer is, as far as the relay knows. Nothing of it is written down, and it goes with the peer's announcement. */
export interface PeerPlace {
  /** Prefix of its address: /24 of IPv4, /48 of IPv6. Undefined when the address says nothing: that of a proxy. */
  readonly prefix?: string | undefined
  /** Name of its network in the operator's table. */
  readonly network?: string | undefined
  /** Measured round trip between it and the relay in milliseconds. */
  readonly rttMs?: number | undefined
}

/** A peer that can be named to another. */
export interface NameablePeer {
  readonly have: number
  readonly total: number
  readonly place: PeerPlace
  /** Connections that it still wished for when it announced, less those whom it was named to since; undefined when unknown. */
  readonly free: number | undefined
}

/** What is the same place, or as good as, weighs so much more than a peer of whom nothing is known. */
const SAME_PREFIX = 128
const SAME_NETWORK = 64
/** The weight of a peer is halved by each further so many milliseconds of distance. */
const NEAR_MS = 20

/** One in so many is drawn without regard to where it is. */
const RANDOM_SHARE = 1 / 4

/**
 * Chooses whom to name to a peer: most are near, hold much and have room; some are drawn from all.
 *
 * Near peers save their networks' links to one another and are faster; the ones from anywhere keep the swarm in one
 * piece and bring pieces that nobody near has. Bindal, Cao et al., "Improving Traffic Locality in BitTorrent via Biased
 * Neighbor Selection" (ICDCS 2006) find download times unharmed while a few neighbours are from outside; Xie et al.,
 * "P4P: Provider Portal for Applications" (SIGCOMM 2008) set such shares too. Weighted drawing without replacement is
 * that of Efraimidis and Spirakis (Information Processing Letters 97, 2006).
 *
 * @param peers - each is weighed; `swarm.ts` picks them out of a large swarm
 * @param random - 0 to 1, 1 excluded
 * @param can - whether a peer may be named; asked of as few as need be. Default: all may
 */
export function choosePeers<T extends NameablePeer>(
  asker: PeerPlace,
  peers: readonly T[],
  want: number,
  random: () => number,
  can: (peer: T) => boolean = () => true,
): T[] {
  if (want <= 0) return []
  const weighed = peers
    .map((peer) => ({ peer, key: Math.log(1 - random()) / weightOf(asker, peer) }))
    .sort((a, b) => b.key - a.key)
  const fromAnywhere = peers.length > want ? Math.ceil(want * RANDOM_SHARE) : 0
  const chosen: T[] = []
  let at = 0
  for (; at < weighed.length && chosen.length < want - fromAnywhere; at += 1) {
    const peer = weighed[at]?.peer
    if (peer !== undefined && can(peer)) chosen.push(peer)
  }
  // The rest in the order of a Fisher-Yates shuffle.
  for (; at < weighed.length && chosen.length < want; at += 1) {
    const from = at + Math.floor(random() * (weighed.length - at))
    const [picked, other] = [weighed[from], weighed[at]]
    if (picked === undefined || other === undefined) break
    weighed[from] = other
    if (can(picked.peer)) chosen.push(picked.peer)
  }
  return chosen
}

/** How much a peer is wished for: where it is × what it holds × whether it has room. Above 0. */
export function weightOf(asker: PeerPlace, { place, have, total, free }: NameablePeer): number {
  const share = 0.25 + 0.75 * (total > 0 ? Math.min(1, have / total) : 0)
  const room = free === undefined ? 1 : free <= 0 ? 0.05 : Math.min(1, 0.2 + free / 10)
  return nearness(asker, place) * share * room
}

/**
 * Of two peers with round trips a and b to the relay, the one between them is at most a + b (the triangle inequality,
 * which holds on the Internet well enough: Francis et al., "IDMaps", IEEE/ACM Transactions on Networking 9(5), 2001).
 */
function nearness(a: PeerPlace, b: PeerPlace): number {
  if (a.prefix !== undefined && a.prefix === b.prefix) return SAME_PREFIX
  if (a.network !== undefined && a.network === b.network) return SAME_NETWORK
  if (a.rttMs === undefined || b.rttMs === undefined) return 1
  const mostMs = a.rttMs + b.rttMs
  return Math.max(1 / 16, 8 * 2 ** (-mostMs / (2 * NEAR_MS)))
}

/** Whether two places are the same prefix or the same network. */
export function isNeighbour(a: PeerPlace, b: PeerPlace): boolean {
  return nearness(a, b) >= SAME_NETWORK
}

/** The first `count` of a Fisher-Yates shuffle. Changes the list. */
export function sample<T>(list: T[], count: number, random: () => number): T[] {
  const size = Math.max(0, Math.min(count, list.length))
  for (let at = 0; at < size; at += 1) {
    const from = at + Math.floor(random() * (list.length - at))
    const [picked, other] = [list[from], list[at]]
    if (picked === undefined || other === undefined) break
    list[from] = other
    list[at] = picked
  }
  return list.slice(0, size)
}
