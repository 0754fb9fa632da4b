import type { SiteName } from '@blackhole/protocol'
import { MAX_SWARMS, MAX_SWARM_PEERS, TRACKER_TTL_MS } from '../limits.ts'

/** What {@link SwarmRegistry} works with. */
export interface SwarmRegistryComponents {
  now: () => number
  /** 0 to 1, 1 excluded. */
  random: () => number
}

/** A peer as it announced itself. */
export interface SwarmPeer {
  readonly peer: string
  readonly have: number
  readonly total: number
}

interface Entry extends SwarmPeer {
  expires: number
}

/** Peers of a swarm, drawn for one of them. */
export interface DrawnPeers {
  peers: SwarmPeer[]
  /** Peers besides the asker that can be dialled. */
  swarmPeers: number
  /** How many of these hold pieces. */
  swarmHolders: number
}

/** Who is in which site's swarm. In memory: after a restart everyone announces again within a minute. */
export class SwarmRegistry {
  readonly #now: () => number
  readonly #random: () => number
  readonly #swarms = new Map<SiteName, Map<string, Entry>>()
  readonly #sitesOf = new Map<string, Set<SiteName>>()

  constructor(components: SwarmRegistryComponents) {
    this.#now = () => components.now()
    this.#random = () => components.random()
  }

  /** Notes that a peer is in a swarm. The one heard of longest ago makes room in a full swarm. */
  announce(site: SiteName, peer: SwarmPeer): void {
    let swarm = this.#swarms.get(site)
    if (swarm === undefined) {
      if (this.#swarms.size >= MAX_SWARMS) this.sweep()
      const [first] = this.#swarms.size >= MAX_SWARMS ? this.#swarms.keys() : []
      if (first !== undefined) this.#dropSwarm(first)
      swarm = new Map()
      this.#swarms.set(site, swarm)
    }
    swarm.delete(peer.peer)
    if (swarm.size >= MAX_SWARM_PEERS) {
      const [oldest] = swarm.keys()
      if (oldest !== undefined) this.leave(site, oldest)
    }
    swarm.set(peer.peer, { ...peer, expires: this.#now() + TRACKER_TTL_MS })
    const sites = this.#sitesOf.get(peer.peer) ?? new Set()
    this.#sitesOf.set(peer.peer, sites.add(site))
  }

  /** Forgets a peer of one swarm. */
  leave(site: SiteName, peer: string): void {
    const swarm = this.#swarms.get(site)
    if (swarm?.delete(peer) === true && swarm.size === 0) this.#swarms.delete(site)
    const sites = this.#sitesOf.get(peer)
    if (sites?.delete(site) === true && sites.size === 0) this.#sitesOf.delete(peer)
  }

  /** Forgets a peer of all swarms: its connection is gone. */
  leaveAll(peer: string): void {
    for (const site of [...(this.#sitesOf.get(peer) ?? [])]) this.leave(site, peer)
  }

  /**
   * Draws peers at random, holders of pieces before others.
   *
   * @param asker - is not among them
   * @param want - how many at most
   * @param dialable - whether a peer can be reached now
   */
  draw(site: SiteName, asker: string, want: number, dialable: (peer: string) => boolean): DrawnPeers {
    const now = this.#now()
    const holders: SwarmPeer[] = []
    const others: SwarmPeer[] = []
    for (const entry of this.#swarms.get(site)?.values() ?? []) {
      if (entry.peer === asker || entry.expires <= now || !dialable(entry.peer)) continue
      const list = entry.have > 0 ? holders : others
      list.push({ peer: entry.peer, have: entry.have, total: entry.total })
    }
    const peers = this.#sample(holders, want)
    peers.push(...this.#sample(others, want - peers.length))
    return { peers, swarmPeers: holders.length + others.length, swarmHolders: holders.length }
  }

  /** Peers in a site's swarm. */
  count(site: SiteName): number {
    const now = this.#now()
    let count = 0
    for (const entry of this.#swarms.get(site)?.values() ?? []) if (entry.expires > now) count += 1
    return count
  }

  /** Distinct peers in all swarms. */
  get peers(): number {
    return this.#sitesOf.size
  }

  /** Places in swarms of peers that hold pieces: whom others can be sent to. */
  get holders(): number {
    const now = this.#now()
    let count = 0
    for (const swarm of this.#swarms.values()) {
      for (const { have, expires } of swarm.values()) if (have > 0 && expires > now) count += 1
    }
    return count
  }

  /** Forgets all whose announcement has run out. */
  sweep(): void {
    const now = this.#now()
    for (const [site, swarm] of this.#swarms) {
      for (const entry of swarm.values()) {
        // Announcing moves an entry to the end, so the rest of the swarm is younger.
        if (entry.expires > now) break
        this.leave(site, entry.peer)
      }
    }
  }

  #dropSwarm(site: SiteName): void {
    for (const peer of [...(this.#swarms.get(site)?.keys() ?? [])]) this.leave(site, peer)
  }

  /** The first `count` of a Fisher-Yates shuffle. */
  #sample(list: SwarmPeer[], count: number): SwarmPeer[] {
    const size = Math.max(0, Math.min(count, list.length))
    for (let at = 0; at < size; at += 1) {
      const from = at + Math.floor(this.#random() * (list.length - at))
      const [picked, other] = [list[from], list[at]]
      if (picked === undefined || other === undefined) break
      list[from] = other
      list[at] = picked
    }
    return list.slice(0, size)
  }
}
