import { MAX_WEIGHED_PEERS } from './limits.ts'
import { isNeighbour, sample } from './peer-choice.ts'
import type { NameablePeer, PeerPlace } from './peer-choice.ts'

/** A member of a {@link Swarm}. */
export interface SwarmMember extends NameablePeer {
  readonly peer: string
  /** Until when its last announcement is believed, in milliseconds since 1970. */
  readonly expires: number
}

/** Members that can be named to one of them. */
export interface Candidates<T> {
  readonly holders: readonly T[]
  readonly others: readonly T[]
}

/** Peers in a list that finds, and takes out, each of them at once. */
class PeerList<T extends SwarmMember> {
  readonly list: T[] = []
  readonly #at = new Map<string, number>()

  add(member: T): void {
    this.#at.set(member.peer, this.list.length)
    this.list.push(member)
  }

  remove(peer: string): void {
    const at = this.#at.get(peer)
    if (at === undefined) return
    const last = this.list.pop()
    if (last === undefined) return
    this.#at.delete(peer)
    if (last.peer === peer) return
    this.list[at] = last
    this.#at.set(last.peer, at)
  }

  replace(member: T): boolean {
    const at = this.#at.get(member.peer)
    if (at === undefined) return false
    this.list[at] = member
    return true
  }
}

/**
 * Who is in one site's swarm. What is done at each announcement takes the same time in a swarm of ten thousand as in one
 * of a hundred: holders and others are lists of their own, and neighbours are found by their prefix and network.
 */
export class Swarm<T extends SwarmMember> {
  /** In the order of their announcements, so that those that run out are the first. */
  readonly #members = new Map<string, T>()
  readonly #holders = new PeerList<T>()
  readonly #others = new PeerList<T>()
  readonly #places = new Map<string, Set<T>>()

  get size(): number {
    return this.#members.size
  }

  get(peer: string): T | undefined {
    return this.#members.get(peer)
  }

  /** Those heard of longest ago first. */
  values(): Iterable<T> {
    return this.#members.values()
  }

  /** Members that hold pieces. */
  get holders(): readonly T[] {
    return this.#holders.list
  }

  /** Members that hold none. */
  get others(): readonly T[] {
    return this.#others.list
  }

  /** Adds a member, or notes what it announced anew. */
  set(member: T): void {
    const before = this.#members.get(member.peer)
    this.#members.delete(member.peer)
    this.#members.set(member.peer, member)
    if (before !== undefined) this.#leavePlaces(before)
    for (const place of placesOf(member.place)) {
      const there = this.#places.get(place)
      if (there === undefined) this.#places.set(place, new Set([member]))
      else there.add(member)
    }
    const [list, other] = member.have > 0 ? [this.#holders, this.#others] : [this.#others, this.#holders]
    if (list.replace(member)) return
    if (before !== undefined) other.remove(member.peer)
    list.add(member)
  }

  delete(peer: string): boolean {
    const member = this.#members.get(peer)
    if (member === undefined) return false
    this.#members.delete(peer)
    this.#leavePlaces(member)
    const list = member.have > 0 ? this.#holders : this.#others
    list.remove(peer)
    return true
  }

  /**
   * Members to weigh for one that asks: all of a small swarm, whether they can be named or not; of a large one those near
   * by that can, and as many from all of it.
   *
   * @param can - whether a member may be named
   * @param random - 0 to 1, 1 excluded
   */
  candidates(place: PeerPlace, can: (member: T) => boolean, random: () => number): Candidates<T> {
    const near = this.#members.size > MAX_WEIGHED_PEERS ? this.#neighbours(place, random) : []
    const pick = (list: readonly T[]): readonly T[] => {
      if (list.length <= MAX_WEIGHED_PEERS) return list
      const isHere = (member: T): boolean => member.have > 0 === (list === this.#holders.list)
      const found = new Set(near.filter((member) => isHere(member) && can(member)))
      // Those that can't be named are missed by as many tries more.
      for (let tries = 0; tries < 2 * MAX_WEIGHED_PEERS && found.size < MAX_WEIGHED_PEERS; tries += 1) {
        const member = list[Math.floor(random() * list.length)]
        if (member !== undefined && !found.has(member) && can(member)) found.add(member)
      }
      return [...found]
    }
    return { holders: pick(this.#holders.list), others: pick(this.#others.list) }
  }

  #neighbours(place: PeerPlace, random: () => number): T[] {
    const near = new Set<T>()
    for (const key of placesOf(place)) {
      for (const member of this.#places.get(key) ?? []) {
        // A network of thousands is known well enough by a part of it: those who announced longest ago, drawn from below.
        if (near.size >= 4 * MAX_WEIGHED_PEERS) break
        if (isNeighbour(place, member.place)) near.add(member)
      }
    }
    return sample([...near], MAX_WEIGHED_PEERS / 2, random)
  }

  #leavePlaces(member: T): void {
    for (const place of placesOf(member.place)) {
      const there = this.#places.get(place)
      if (there?.delete(member) === true && there.size === 0) this.#places.delete(place)
    }
  }
}

function placesOf({ prefix, network }: PeerPlace): string[] {
  if (prefix === undefined && network === undefined) return []
  return [
    ...(prefix === undefined ? [] : [`prefix ${prefix}`]),
    ...(network === undefined ? [] : [`network ${network}`]),
  ]
}
