import type { WireError } from '../errors.ts'

/**
 * The wire between the service worker and the page that hosts the peer. Both
 * ends compile against these unions. `docs/wire.md` has the sequence.
 *
 * Either side opens it: the worker posts {@link ConnectMessage} to a window
 * client, or the host page posts it to the worker, each with one port of a
 * `MessageChannel`. The first message of both sides on the port is a hello.
 */
export interface ConnectMessage {
  readonly type: 'blackhole:connect'
  /** `CHANNEL_VERSION` of the sender. */
  readonly version: number
  /** Site that the sender serves. */
  readonly site: string
}

/** Where bytes came from. `local`: this browser's piece store. */
export type Source = 'local' | 'peers' | 'http'

/** Bytes by source since the page's origin was first seen. */
export interface ReceivedBytes {
  readonly local: number
  readonly peers: number
  readonly http: number
}

/** Greeting of the page. A guest page does not host a peer, and the worker looks further. */
export interface PageHello {
  readonly type: 'hello'
  readonly version: number
  readonly role: 'host' | 'guest'
  /** Peers connected now. */
  readonly peers: number
  /** The page takes {@link AheadMessage}s and {@link FetchingMessage}s. Left out by pages that don't know them. */
  readonly ahead?: true
  /** The page takes {@link LaterMessage}s. Left out by pages that don't know them. */
  readonly later?: true
}

/** Greeting of the worker. */
export interface WorkerHello {
  readonly type: 'hello'
  readonly version: number
}

/** "Get these blocks from peers." Answered by head, then chunks, then end or error. */
export interface RequestMessage {
  readonly type: 'request'
  readonly id: number
  /** CIDs in the order in which they are needed. */
  readonly cids: readonly string[]
  /** They are needed in so many milliseconds: it decides what is fetched first. */
  readonly deadlineMs: number
  /** Bytes that may be sent before more credit. */
  readonly credit: number
  /**
   * Blocks that nobody has are waited for until somebody does, and the head is sent again whenever it would say
   * something else. Default: no. Pages that don't know it answer `missing`.
   */
  readonly patient?: boolean
}

/** How fast those who would send a block are, as the page has measured: it decides how long the worker waits for them. */
export interface HolderPace {
  /** Milliseconds from a request to its first byte, of the nearest of them; 0 before anything was measured. */
  readonly rttMs: number
  /** Bytes per second of all of them together; 0 before anything was measured. */
  readonly bytesPerSecond: number
  /** Bytes that they were asked for before and have not sent yet. */
  readonly queuedBytes: number
  /** The page is fetching the block over HTTP itself: the same server would send it twice. */
  readonly overHttp?: true
}

/** The page accepted the request. */
export interface HeadMessage {
  readonly type: 'head'
  readonly id: number
  /** For each CID, whether any connected peer is known to hold it. */
  readonly available: readonly boolean[]
  /** For each CID, whether a connected peer says that it is fetching it from elsewhere. Left out by pages that don't know. */
  readonly coming?: readonly boolean[]
  /** For each CID, the pace of the peers that hold it. Left out by pages that don't know. */
  readonly paces?: readonly HolderPace[]
  /** For each CID, whether the page has it. Only in answer to a {@link LaterMessage}. */
  readonly here?: readonly boolean[]
}

/** One whole, verified block. Order is the page's choice. */
export interface ChunkMessage {
  readonly type: 'chunk'
  readonly id: number
  readonly cid: string
  readonly source: Source
  /** Transferred, not copied. */
  readonly data: ArrayBuffer
}

/** All blocks of the request were sent. */
export interface EndMessage {
  readonly type: 'end'
  readonly id: number
}

/** The request failed; blocks already sent stay valid. */
export interface ErrorMessage {
  readonly type: 'error'
  readonly id: number
  readonly error: WireError
}

/** More bytes may be sent. */
export interface CreditMessage {
  readonly type: 'credit'
  readonly id: number
  readonly bytes: number
}

/** The worker no longer needs these blocks of the request, or any when left out. */
export interface CancelMessage {
  readonly type: 'cancel'
  readonly id: number
  readonly cids?: readonly string[]
}

/** The worker stored blocks that came over HTTP: the page announces them to its peers. */
export interface StoredMessage {
  readonly type: 'stored'
  readonly cids: readonly string[]
}

/** A piece that is going to be needed. */
export interface ComingPiece {
  readonly cid: string
  /** In so many milliseconds, as far as can be told. */
  readonly inMs: number
  /** The player asks for it by itself now: what is under way for it goes on, and nothing new begins. */
  readonly asked?: true
}

/**
 * What a player is going to ask for. It takes the place of what was said before of the same stream. Sent only to a page
 * whose hello says that it takes it.
 */
export interface AheadMessage {
  readonly type: 'ahead'
  /** Tells the streams of several players apart. */
  readonly stream: string
  /** In the order in which they are needed, at most {@link MAX_AHEAD_PIECES}. */
  readonly pieces: readonly ComingPiece[]
}

/**
 * Blocks that a long response needs later: the page gets them from peers, the rarest first, into the store. Answered by a
 * head, and another one whenever it would say something else, until a cancel; or by nothing, when nothing may be fetched
 * that nobody waits for. Sent only to a page whose hello says that it takes it.
 */
export interface LaterMessage {
  readonly type: 'later'
  readonly id: number
  /** At most {@link MAX_AHEAD_PIECES}. */
  readonly cids: readonly string[]
}

/** The worker fetches these blocks over HTTP, or no longer does: the page lets its peers know that they are coming. */
export interface FetchingMessage {
  readonly type: 'fetching'
  readonly cids: readonly string[]
  /** It came to nothing. */
  readonly over: boolean
}

/** The worker's counters changed. */
export interface CountersMessage {
  readonly type: 'counters'
  readonly received: ReceivedBytes
}

/** The page learned of a newer record (signed IPNS record) of the site. */
export interface RecordMessage {
  readonly type: 'record'
  readonly record: ArrayBuffer
}

/**
 * What the page loaded before the worker controlled it: the worker takes these
 * files from the browser's HTTP cache, checks them and stores their pieces, so
 * that a first visit is shared without being downloaded twice.
 */
export interface LoadedMessage {
  readonly type: 'loaded'
  /** Absolute URLs of the page's origin, at most {@link MAX_LOADED_URLS}. */
  readonly urls: readonly string[]
  /** How long ago each of them was asked for, in milliseconds: of film, that tells how much of it the player has. */
  readonly agesMs?: readonly number[]
  /** Root CID that the page's document was served from, where it is known. */
  readonly root?: string
}

/**
 * The worker is (or no longer is) in the middle of a response. A page that
 * hears so posts a {@link KeepAliveMessage} every {@link KEEP_ALIVE_MS}, since
 * Firefox ends a worker 30 s after its last event even while it streams.
 */
export interface BusyMessage {
  readonly type: 'busy'
  readonly busy: boolean
}

/** Posted by a page to the worker itself (not on the port): an event that keeps it alive. */
export interface KeepAliveMessage {
  readonly type: 'blackhole:alive'
}

/** Posted by a page to the worker itself: the visitor left or came back. It is stored for the origin. */
export interface OptOutMessage {
  readonly type: 'blackhole:opt-out'
  readonly optedOut: boolean
}

/** What a page posts to the worker itself, not on a port. */
export type WindowToWorker = ConnectMessage | KeepAliveMessage | OptOutMessage

/** The page's role or number of peers changed. */
export interface PageStateMessage {
  readonly type: 'state'
  readonly role: 'host' | 'guest'
  readonly peers: number
}

/** Every message that a page sends over the port. */
export type PageToWorker =
  PageHello | HeadMessage | ChunkMessage | EndMessage | ErrorMessage | RecordMessage | LoadedMessage | PageStateMessage

/** Every message that the worker sends over the port. */
export type WorkerToPage =
  | WorkerHello
  | RequestMessage
  | CreditMessage
  | CancelMessage
  | StoredMessage
  | AheadMessage
  | LaterMessage
  | FetchingMessage
  | CountersMessage
  | BusyMessage
