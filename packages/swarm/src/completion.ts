import { CorruptBlockError } from '@blackhole/protocol'
import { guilty } from './blame.ts'
import { couldServe } from './candidates.ts'
import { verifyBlock } from './verify.ts'
import type { FetchedPiece, PieceFetch } from './piece-fetch.ts'
import type { RemotePeer } from './remote-peer.ts'

/** What {@link Completion} needs from outside. */
export interface CompletionComponents {
  readonly peers: ReadonlyMap<string, RemotePeer>
  readonly now: () => number
  /** Never talk to this peer again: it sent bad bytes. */
  ban(peer: string, cid: string): void
  /** A verified piece. */
  deliver(fetch: PieceFetch, piece: FetchedPiece): void
  /** The piece has to be fetched again, from `fetch.soleSource`. */
  retry(fetch: PieceFetch): void
  /** There is nobody left to fetch it from. */
  fail(fetch: PieceFetch, error: Error): void
}

/**
 * What happens when all bytes of a block are there. A good copy is delivered. A bad copy from
 * one peer bans it. A bad copy from several is kept, and the block
 * is fetched whole from one peer at a time, until a good copy shows whose bytes were wrong.
 */
export class Completion {
  readonly #components: CompletionComponents
  #awaited = 0

  constructor(components: CompletionComponents) {
    this.#components = components
  }

  /** Whether somebody waits for blocks that are being verified. */
  get isAwaited(): boolean {
    return this.#awaited > 0
  }

  /** Verifies and decides. Never rejects. */
  async complete(fetch: PieceFetch): Promise<void> {
    const { assembly } = fetch
    const awaited = Number(fetch.isUrgent)
    this.#awaited += awaited
    const isGood = await verifyBlock(fetch.link, assembly.bytes).catch(() => false)
    this.#awaited -= awaited
    if (fetch.isSettled) return
    if (isGood) this.#good(fetch)
    else this.#bad(fetch)
  }

  /** Goes on with the next single source, for a block of which something was wrong. */
  nextSource(fetch: PieceFetch): void {
    const { peers, now } = this.#components
    const suspects = new Set(fetch.badCopies.flatMap(({ segments }) => segments.map(({ peer }) => peer)))
    const rank = (peer: RemotePeer): number =>
      Number(suspects.has(peer.id)) * 4 + Number(peer.snubbed) * 2 + Number(peer.lastResort)
    const [next] = [...peers.values()]
      .filter((peer) => couldServe(peer, fetch, now()))
      .sort((a, b) => rank(a) - rank(b))
    if (next === undefined) {
      this.#components.fail(fetch, new CorruptBlockError(fetch.cid, 'every peer that had it'))
      return
    }
    fetch.soleSource = next.id
    fetch.restart()
    this.#components.retry(fetch)
  }

  #good(fetch: PieceFetch): void {
    const { assembly, cid } = fetch
    const { bytes } = assembly
    const blamed = new Set(fetch.badCopies.flatMap((copy) => guilty(copy, bytes)))
    for (const [peer, size] of fetch.claims) if (size !== bytes.byteLength) blamed.add(peer)
    for (const peer of blamed) this.#components.ban(peer, cid)
    const sources = assembly.contributors
    // An empty block has no bytes to contribute: whoever told its size sent it.
    this.#components.deliver(fetch, { bytes, peers: sources.length > 0 ? sources : [...fetch.claims.keys()] })
  }

  #bad(fetch: PieceFetch): void {
    const { assembly, cid } = fetch
    const sources = assembly.contributors.length > 0 ? assembly.contributors : [...fetch.claims.keys()]
    const [only] = sources
    if (sources.length === 1 && only !== undefined) {
      fetch.claims.delete(only)
      fetch.absent.add(only)
      this.#components.ban(only, cid)
    } else if (fetch.badCopies.length === 0) {
      fetch.badCopies.push({ bytes: assembly.bytes, segments: assembly.segments })
    }
    this.nextSource(fetch)
  }
}
