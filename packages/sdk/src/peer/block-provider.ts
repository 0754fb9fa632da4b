import type { TypedEventTarget } from 'main-event'
import type { ComingPiece, HolderPace, Source } from '@blackhole/protocol'

/** Whether this page runs the peer of the browser for its site, or follows the page that does. */
export type PageRole = 'host' | 'guest'

/** A whole block, checked against its CID. */
export interface FetchedBlock {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly source: Source
}

/** How soon a block is needed. */
export interface BlockFetchOptions {
  /** The block is needed in so many milliseconds; it decides what is fetched first. */
  readonly deadlineMs?: number | undefined
  /** Whether to wait until a peer has it, when none does. Default: no. */
  readonly patient?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Events of a {@link BlockProvider}. */
export interface BlockProviderEvents {
  /** Role or number of peers changed. */
  state: CustomEvent<{ role: PageRole; peers: number }>
  /** What is here, and what connected peers hold or say that they are getting, may have changed. */
  holders: CustomEvent<undefined>
  /** A newer record of the site (signed IPNS record) was learned and checked. */
  record: CustomEvent<{ record: Uint8Array<ArrayBuffer> }>
}

/**
 * What the bridge to the service worker needs of the page's peer: blocks from
 * the piece store and the swarm. A guest's provider has no peers and rejects
 * every fetch with {@link NotFoundError}, so that the worker looks further.
 */
export interface BlockProvider extends TypedEventTarget<BlockProviderEvents> {
  /** For each CID, whether a connected peer is known to hold it. */
  available(cids: readonly string[]): boolean[]
  /** For each CID, whether a connected peer says that it is getting it from elsewhere. */
  coming(cids: readonly string[]): boolean[]
  /** For each CID, how fast the peers that hold it are. */
  paces(cids: readonly string[]): HolderPace[]
  /**
   * One whole, verified block.
   *
   * @throws {NotFoundError} at once when no connected peer can have it, unless it is waited for
   */
  fetch(cid: string, options?: BlockFetchOptions): Promise<FetchedBlock>
  /** For each CID, whether this page has it. */
  here(cids: readonly string[]): boolean[]
  /**
   * Gets blocks that nobody waits for yet from peers, the rarest first, into the store. Resolves when all are here.
   *
   * @returns undefined when nothing may be fetched that nobody waits for, or this page does not know all of these (yet):
   *   `holders` tells when that may have changed
   */
  prefetch(cids: readonly string[], options: { readonly signal: AbortSignal }): Promise<void> | undefined
  /** These blocks came another way (HTTP) and are in the store: peers are told. */
  stored(cids: readonly string[]): void
  /** What a player needs next; takes the place of what was said before of its stream. */
  ahead(stream: string, pieces: readonly ComingPiece[]): void
  /** The worker is getting these blocks over HTTP, or (over) is not after all: peers are told. */
  fetching(cids: readonly string[], over: boolean): void
  /** Other visitors that pieces are exchanged with now. */
  peers(): number
  role(): PageRole
}
