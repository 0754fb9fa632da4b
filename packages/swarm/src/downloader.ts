import { AbortError } from '@libp2p/interface'
import { DeadlineError, parseCid } from '@blackhole/protocol'
import { Assigner } from './assigner.ts'
import { couldServe } from './candidates.ts'
import { Completion } from './completion.ts'
import { Downlink } from './downlink.ts'
import { DEFAULT_DEADLINE_MS } from './fetch-options.ts'
import { FetchQueue } from './fetch-queue.ts'
import { noteLack } from './lack.ts'
import { PieceFetch } from './piece-fetch.ts'
import { RangeRequests } from './range-requests.ts'
import { lookAtSilence } from './silence.ts'
import type { AssignerInit } from './assigner.ts'
import type { FetchOptions, PrefetchOptions } from './fetch-options.ts'
import type { FetchedPiece } from './piece-fetch.ts'
import type { PrefetchGroup } from './fetch-queue.ts'
import type { RemotePeer } from './remote-peer.ts'
import type { BanReason } from './swarm-events.ts'
import type { Versions } from './versions.ts'

/** What a {@link Downloader} needs from outside. */
export interface DownloaderComponents {
  readonly peers: ReadonlyMap<string, RemotePeer>
  readonly versions: Versions
  readonly now: () => number
  readonly random: () => number
  /** Whether so many pieces wait to be stored that no new one should begin. */
  readonly isBusy: () => boolean
  ban(peer: string, cid: string): void
  strike(peer: RemotePeer, what: string): void
  /** A peer is not worth asking for a while. */
  readonly timeOut: (peer: RemotePeer, reason: BanReason) => void
  /**
   * @param background - nobody waits for it
   * @returns whether it is kept
   */
  deliver(cid: string, piece: FetchedPiece, background: boolean): boolean
}

/** What may be set of a {@link Downloader}. */
export interface DownloaderInit extends AssignerInit {
  /** A fetch that got no byte for so long fails. */
  readonly fetchTimeoutMs: number
  /** A peer that owes us bytes and sent none for so long is disconnected. */
  readonly deadPeerTimeoutMs: number
}

/** Gets pieces from peers: decides whom to ask for what, and does it again when anything changes. */
export class Downloader {
  readonly #components: DownloaderComponents
  readonly #init: DownloaderInit
  readonly #queue: FetchQueue
  readonly #completion: Completion
  readonly #assigner: Assigner
  readonly #downlink = new Downlink()
  /** Requests under way; the swarm feeds it with what peers send. */
  readonly requests: RangeRequests
  #scheduled = false
  /** Fetches that perhaps nobody can serve; undefined: all, which takes its time when a thousand small files wait. */
  #doubtful: Set<PieceFetch> | undefined = new Set()

  constructor(components: DownloaderComponents, init: DownloaderInit) {
    this.#components = components
    this.#init = init
    this.#queue = new FetchQueue(components.versions.availability)
    const { peers, versions, now, random, isBusy } = components
    this.requests = new RangeRequests({
      peers,
      now,
      complete: (fetch) => this.#complete(fetch),
      disputed: (fetch) => this.#retry(fetch),
      lost: (peer, fetch) => this.#lost(peer, fetch),
      absent: (peer, fetch) => {
        if (fetch.piece !== undefined) noteLack(peer, fetch.piece, components.versions, components.timeOut)
      },
      came: (bytes) => this.#downlink.received(bytes, now()),
      gave: (peer) => peer.conduct.gave(),
      letDown: (peer, owedMs) => {
        if (!peer.lastResort && peer.conduct.letDown(owedMs, now())) components.timeOut(peer, 'stall')
      },
      strike: (peer, what) => components.strike(peer, what),
      roomier: (fetch) => {
        if (fetch !== undefined) this.#doubtful?.add(fetch)
        this.#scheduleAssign()
      },
    })
    this.#assigner = new Assigner(
      {
        ...{ peers, versions, now, random, isBusy },
        queue: this.#queue,
        requests: this.requests,
        downlink: this.#downlink,
        begin: (cid) => this.#begin(cid, undefined),
      },
      init,
    )
    this.#completion = new Completion({
      peers,
      now,
      ban: (peer, cid) => components.ban(peer, cid),
      deliver: (fetch, piece) => this.#deliver(fetch, piece),
      retry: (fetch) => {
        this.#queue.place(fetch)
        this.schedule()
      },
      fail: (fetch, error) => this.#fail(fetch, error),
    })
  }

  /** Whether anything is being fetched. */
  get isActive(): boolean {
    return this.#queue.size > 0
  }

  /** Our own line: bytes per second of all peers together, and bytes that somebody waits for and nobody was asked for yet. */
  get line(): { readonly bytesPerSecond: number; readonly waitingBytes: number } {
    let waitingBytes = 0
    for (const { requests, assembly, isPatient } of this.#queue.urgent)
      if (requests === 0 && !isPatient) waitingBytes += (assembly.size ?? 0) - assembly.received
    return { bytesPerSecond: this.#downlink.bytesPerSecond, waitingBytes }
  }

  /** Whether somebody waits for bytes that are still to come, or to be verified. */
  get isUrgent(): boolean {
    return this.#queue.urgent.length > 0 || this.#completion.isAwaited
  }

  /** @throws {NotFoundError} when no connected peer can have it, CorruptBlockError, DeadlineError, AbortError */
  async fetch(cid: string, options: FetchOptions = {}): Promise<FetchedPiece> {
    const { signal, deadlineMs = DEFAULT_DEADLINE_MS, lastResort = true, patient = false } = options
    signal?.throwIfAborted()
    const fetch = this.#queue.get(cid) ?? this.#begin(cid, options.size)
    fetch.waiting += 1
    if (!patient) fetch.impatient += 1
    fetch.deadline = Math.min(fetch.deadline, this.#components.now() + deadlineMs)
    fetch.lastResort ||= lastResort
    if (!fetch.assembly.isComplete) this.#queue.place(fetch)
    const aborted = Promise.withResolvers<never>()
    const onAbort = (): void => aborted.reject(new AbortError())
    signal?.addEventListener('abort', onAbort)
    this.#doubtful?.add(fetch)
    this.#scheduleAssign()
    try {
      return await Promise.race([fetch.done, aborted.promise])
    } finally {
      signal?.removeEventListener('abort', onAbort)
      fetch.waiting -= 1
      if (!patient) fetch.impatient -= 1
      if (fetch.waiting === 0 && !fetch.isSettled) this.#release(fetch)
    }
  }

  /** Resolves when all the pieces are held; unknown ones are left out. */
  async prefetch(cids: readonly string[], { signal, lastResort = true }: PrefetchOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    const { versions } = this.#components
    const left = new Set<number>()
    for (const cid of cids) {
      const piece = versions.table.number(cid)
      if (piece !== undefined && !versions.owns(piece)) left.add(piece)
    }
    if (left.size === 0) return
    const done = Promise.withResolvers<undefined>()
    const group: PrefetchGroup = { left, done: () => done.resolve(undefined), lastResort }
    const onAbort = (): void => done.reject(new AbortError())
    signal?.addEventListener('abort', onAbort)
    this.#queue.addGroup(group)
    for (const fetch of this.#queue.all) if (fetch.piece !== undefined) versions.availability.unwant(fetch.piece)
    this.schedule()
    try {
      await done.promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
      for (const fetch of this.#queue.removeGroup(group)) if (fetch.waiting === 0) this.#release(fetch)
    }
  }

  /** We hold these pieces now, wherever they came from. */
  held(cids: readonly string[]): void {
    const { table } = this.#components.versions
    this.#queue.held(cids.map((cid) => table.number(cid)).filter((piece) => piece !== undefined))
    // What peers would still send of these is not needed: whoever waits finds them in the store.
    for (const fetch of cids.map((cid) => this.#queue.get(cid)))
      if (fetch?.assembly.isComplete === false && (fetch.piece !== undefined || fetch.isPatient)) this.#drop(fetch)
  }

  /** A peer's stream has ended. */
  peerGone(peer: RemotePeer): void {
    this.requests.cancel(peer)
    for (const fetch of [...this.#queue.all])
      if (fetch.owner === peer.id || fetch.soleSource === peer.id) this.#lost(peer, fetch)
    this.schedule()
  }

  /** Everything ends. */
  stop(): void {
    for (const fetch of [...this.#queue.all]) this.#drop(fetch, new AbortError('The swarm was stopped'))
  }

  /** Looks for stalls; called every now and then. */
  tick(): void {
    const { peers, timeOut } = this.#components
    const now = this.#components.now()
    const silent = { now, deadPeerTimeoutMs: this.#init.deadPeerTimeoutMs, requests: this.requests }
    for (const peer of [...peers.values()]) {
      if (this.isActive) peer.lookAtPath(now)
      lookAtSilence(peer, peers, { ...silent, timeOut })
    }
    for (const fetch of [...this.#queue.all]) {
      const isLate = fetch.isUrgent && now - fetch.lastProgressAt > this.#init.fetchTimeoutMs
      if (isLate && !fetch.isPatient && !fetch.assembly.isComplete)
        this.#drop(fetch, new DeadlineError(`Block ${fetch.cid}`, this.#init.fetchTimeoutMs))
    }
    this.schedule()
  }

  /** Something changed: decides again, once for all that changes now. */
  schedule(): void {
    this.#doubtful = undefined
    this.#scheduleAssign()
  }

  /** Gives out more requests; who holds what has not changed. */
  #scheduleAssign(): void {
    if (this.#scheduled || this.#queue.size + this.#components.versions.availability.wanted === 0) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#assigner.run()
      this.#settleHopeless()
    })
  }

  #begin(cid: string, size: number | undefined): PieceFetch {
    const { versions, now } = this.#components
    const piece = versions.table.number(cid)
    const known = size ?? (piece === undefined ? undefined : versions.table.size(piece))
    return new PieceFetch({ cid, link: parseCid(cid), piece, size: known, now: now() })
  }

  /** Nobody waits for it any more. */
  #release(fetch: PieceFetch): void {
    fetch.deadline = Infinity
    if (fetch.piece !== undefined && this.#queue.isWanted(fetch.piece)) {
      if (!fetch.assembly.isComplete) this.#queue.place(fetch)
      return
    }
    this.#drop(fetch, new AbortError())
    this.schedule()
  }

  /** Ends the fetches that no connected peer can have. */
  #settleHopeless(): void {
    const now = this.#components.now()
    const peers = [...this.#components.peers.values()]
    const doubtful = this.#doubtful ?? [...this.#queue.urgent, ...this.#queue.begun]
    this.#doubtful = new Set()
    for (const fetch of doubtful) {
      if (fetch.isSettled || fetch.assembly.isComplete || fetch.requests > 0 || fetch.isPatient) continue
      if (peers.some((peer) => couldServe(peer, fetch, now))) continue
      this.#fail(fetch)
    }
  }

  #complete(fetch: PieceFetch): void {
    this.#queue.unplace(fetch)
    void this.#completion.complete(fetch)
  }

  #retry(fetch: PieceFetch): void {
    this.requests.cancelFetch(fetch)
    this.#queue.unplace(fetch)
    this.#completion.nextSource(fetch)
  }

  #lost(peer: RemotePeer, fetch: PieceFetch): void {
    if (fetch.owner === peer.id) fetch.owner = undefined
    if (fetch.soleSource === peer.id && !fetch.assembly.isComplete) {
      fetch.absent.add(peer.id)
      this.#retry(fetch)
    }
    this.schedule()
  }

  #deliver(fetch: PieceFetch, piece: FetchedPiece): void {
    const isKept = this.#components.deliver(fetch.cid, piece, !fetch.isUrgent)
    // The background wants what was read and not kept once more, when the store has room.
    if (isKept && fetch.piece !== undefined) this.#queue.held([fetch.piece])
    this.#queue.remove(fetch)
    fetch.succeed(piece)
  }

  #drop(fetch: PieceFetch, error?: Error): void {
    this.requests.cancelFetch(fetch)
    this.#fail(fetch, error)
  }

  #fail(fetch: PieceFetch, error?: Error): void {
    fetch.fail(error)
    this.#queue.remove(fetch)
  }
}
