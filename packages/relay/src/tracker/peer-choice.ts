import { MAX_WEIGHED_PEERS } from './limits.ts'

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
 * @param random - 0 to 1, 1 excluded
 */
export function choosePeers<T extends NameablePeer>(
  asker: PeerPlace,
  peers: readonly T[],
  want: number,
  random: () => number,
): T[] {
  if (want <= 0) return []
  const weighed = toWeigh(asker, peers, random)
    .map((peer) => ({ peer, key: Math.log(1 - random()) / weightOf(asker, peer) }))
    .sort((a, b) => b.key - a.key)
    .map(({ peer }) => peer)
  const fromAnywhere = peers.length > want ? Math.ceil(want * RANDOM_SHARE) : 0
  const near = weighed.slice(0, want - fromAnywhere)
  const named = new Set(near)
  const rest = sample(
    peers.filter((peer) => !named.has(peer)),
    want - near.length,
    random,
  )
  return [...near, ...rest]
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

/** All of a small swarm; of a large one those of the asker's network, and as many from all of it. */
function toWeigh<T extends NameablePeer>(asker: PeerPlace, peers: readonly T[], random: () => number): readonly T[] {
  if (peers.length <= MAX_WEIGHED_PEERS) return peers
  const neighbours = peers.filter(({ place }) => nearness(asker, place) >= SAME_NETWORK)
  const half = MAX_WEIGHED_PEERS / 2
  return [...new Set([...sample(neighbours, half, random), ...sample([...peers], half, random)])]
}

/** The first `count` of a Fisher-Yates shuffle. Changes the list. */
function sample<T>(list: T[], count: number, random: () => number): T[] {
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
