import type { SiteName } from '@blackhole/protocol'
import { MAX_SWARMS, MAX_SWARM_PEERS, TRACKER_TTL_MS } from '../limits.ts'
import { MAX_COUNTED_PEERS, SWARM_COUNT_MS } from './limits.ts'
import { choosePeers } from './peer-choice.ts'
import type { PeerPlace } from './peer-choice.ts'
import { Swarm } from './swarm.ts'
import type { SwarmMember } from './swarm.ts'

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

/** What a peer's announcement says besides. */
export interface AnnouncedFrom {
  /** Where it is. Default: not known. */
  readonly place?: PeerPlace
  /** Connections that it still wishes for. Default: not known. */
  readonly free?: number
}

interface Entry extends SwarmMember {
  free: number | undefined
}

/** Peers that can be dialled, counted at a time. */
interface Count {
  readonly at: number
  readonly peers: number
  readonly holders: number
}

const NOWHERE: PeerPlace = Object.freeze({})

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
  readonly #swarms = new Map<SiteName, Swarm<Entry>>()
  readonly #counts = new Map<SiteName, Count>()
  readonly #sitesOf = new Map<string, Set<SiteName>>()

  constructor(components: SwarmRegistryComponents) {
    this.#now = () => components.now()
    this.#random = () => components.random()
  }

  /** Notes that a peer is in a swarm. The one heard of longest ago makes room in a full swarm. */
  announce(site: SiteName, peer: SwarmPeer, { place = NOWHERE, free }: AnnouncedFrom = {}): void {
    let swarm = this.#swarms.get(site)
    if (swarm === undefined) {
      if (this.#swarms.size >= MAX_SWARMS) this.sweep()
      const [first] = this.#swarms.size >= MAX_SWARMS ? this.#swarms.keys() : []
      if (first !== undefined) this.#dropSwarm(first)
      swarm = new Swarm()
      this.#swarms.set(site, swarm)
    }
    if (swarm.size >= MAX_SWARM_PEERS && swarm.get(peer.peer) === undefined) {
      const [oldest] = swarm.values()
      if (oldest !== undefined) this.leave(site, oldest.peer)
      this.#swarms.set(site, swarm)
    }
    swarm.set({ ...peer, place, free, expires: this.#now() + TRACKER_TTL_MS })
    const sites = this.#sitesOf.get(peer.peer)
    if (sites === undefined) this.#sitesOf.set(peer.peer, new Set([site]))
    else sites.add(site)
  }

  /** Forgets a peer of one swarm. */
  leave(site: SiteName, peer: string): void {
    const swarm = this.#swarms.get(site)
    if (swarm?.delete(peer) === true && swarm.size === 0) this.#forget(site)
    const sites = this.#sitesOf.get(peer)
    if (sites?.delete(site) === true && sites.size === 0) this.#sitesOf.delete(peer)
  }

  /** Forgets a peer of all swarms: its connection is gone. */
  leaveAll(peer: string): void {
    for (const site of [...(this.#sitesOf.get(peer) ?? [])]) this.leave(site, peer)
  }

  /**
   * Chooses peers for one of them, holders of pieces before others: most of them near, with much and with room, some
   * at random (`peer-choice.ts`).
   *
   * @param asker - is not among them
   * @param want - how many at most
   * @param dialable - whether a peer can be reached now
   * @param from - where the asker is, if it has not announced itself
   */
  draw(
    site: SiteName,
    asker: string,
    want: number,
    dialable: (peer: string) => boolean,
    from: PeerPlace = NOWHERE,
  ): DrawnPeers {
    const now = this.#now()
    const swarm = this.#swarms.get(site)
    if (swarm === undefined) return { peers: [], swarmPeers: 0, swarmHolders: 0 }
    const can = (entry: Entry): boolean => entry.peer !== asker && entry.expires > now && dialable(entry.peer)
    const counted = this.#count(site, swarm, asker, dialable)
    if (want <= 0) return { peers: [], ...counted }
    const place = swarm.get(asker)?.place ?? from
    const { holders, others } = swarm.candidates(place, can, this.#random)
    const chosen = choosePeers(place, holders, want, this.#random, can)
    chosen.push(...choosePeers(place, others, want - chosen.length, this.#random, can))
    // Who is named will be dialled: the next one is sent to others first.
    for (const entry of chosen) if (entry.free !== undefined) entry.free -= 1
    return { peers: chosen.map(({ peer, have, total }) => ({ peer, have, total })), ...counted }
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

  /**
   * Copies of its pieces among the visitors of each site that has any, the scarcest first: what each says to hold, as a
   * part of the site, added up. Which pieces these are is between visitors.
   */
  copies(): number[] {
    const now = this.#now()
    const all: number[] = []
    for (const swarm of this.#swarms.values()) {
      let copies = 0
      let peers = 0
      for (const { have, total, expires } of swarm.values()) {
        if (expires <= now) continue
        peers += 1
        if (total > 0) copies += Math.min(1, have / total)
      }
      if (peers > 0) all.push(copies)
    }
    return all.sort((a, b) => a - b)
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

  /** A small swarm is counted each time, a large one once in a while: of it the number need not be exact. */
  #count(
    site: SiteName,
    swarm: Swarm<Entry>,
    asker: string,
    dialable: (peer: string) => boolean,
  ): Omit<DrawnPeers, 'peers'> {
    const now = this.#now()
    let count = this.#counts.get(site)
    if (count === undefined || swarm.size <= MAX_COUNTED_PEERS || Math.abs(now - count.at) >= SWARM_COUNT_MS) {
      const of = (list: readonly Entry[]): number =>
        list.reduce((sum, { peer, expires }) => sum + (expires > now && dialable(peer) ? 1 : 0), 0)
      const holders = of(swarm.holders)
      count = { at: now, peers: holders + of(swarm.others), holders }
      this.#counts.set(site, count)
    }
    const own = swarm.get(asker)
    const self = own !== undefined && own.expires > now && dialable(asker) ? 1 : 0
    return {
      swarmPeers: Math.max(0, count.peers - self),
      swarmHolders: Math.max(0, count.holders - (own !== undefined && own.have > 0 ? self : 0)),
    }
  }

  #forget(site: SiteName): void {
    this.#swarms.delete(site)
    this.#counts.delete(site)
  }

  #dropSwarm(site: SiteName): void {
    for (const { peer } of [...(this.#swarms.get(site)?.values() ?? [])]) this.leave(site, peer)
  }
}
