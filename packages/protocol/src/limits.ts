/**
 * Every bound that more than one package relies on, with the attack or the
 * platform limit that it answers. `docs/limits.md` lists them for operators.
 */

const KiB = 1024
const MiB = 1024 * KiB

/** UnixFS chunk size of `unixfs-v1-2025`: the size of a piece, the last of a file excepted. */
export const PIECE_BYTES = 1 * MiB

/**
 * Largest block that is accepted from anyone. A block is verified whole, so
 * its size bounds what a liar can make a peer buffer. 2 MiB is what Bitswap
 * and the trustless gateways accept.
 */
export const MAX_BLOCK_BYTES = 2 * MiB

/** Largest manifest: 64 MiB of JSON names about 500,000 files; more would exhaust a phone. */
export const MAX_MANIFEST_BYTES = 64 * MiB

/** Most files in a site, so that a hostile manifest can't allocate without end. */
export const MAX_SITE_FILES = 200_000

/** Longest path inside a site in bytes of UTF-8, as most file systems have it. */
export const MAX_PATH_BYTES = 4096

/** URL paths of one report to a pull zone's relay: a page's, and a second one brings the next. */
export const MAX_REPORTED_PATHS = 200

/** Characters of a reported path: longer ones are no files. */
export const MAX_REPORTED_PATH_LENGTH = 1024

/** Longest signed site record: IPNS records are at most 10 KiB (IPNS specification). */
export const MAX_RECORD_BYTES = 10 * KiB

/** Longest token (publish or swarm). */
export const MAX_TOKEN_BYTES = 2 * KiB

/**
 * Bytes of one range request between peers. Small enough that a cancelled
 * request wastes little and that several peers share one piece, large enough
 * that the request overhead is noise.
 */
export const REQUEST_BYTES = 128 * KiB

/** Data bytes in one `Piece` message: js-libp2p's WebRTC splits at 16 KiB anyway. */
export const PIECE_MESSAGE_BYTES = 64 * KiB

/** Largest message on a cdn stream: a piece message and its framing, or a large bitfield. */
export const MAX_CDN_MESSAGE_BYTES = 256 * KiB

/** Largest message on tracker and hosting streams. */
export const MAX_CONTROL_MESSAGE_BYTES = 64 * KiB

/** Requests that a peer may have open with us; more is a flood and ends the stream. */
export const MAX_OPEN_REQUESTS = 256

/** Site versions (roots) that a peer may subscribe to at once; the first ones make room for new ones, a second later. */
export const MAX_SUBSCRIBED_ROOTS = 16

/** Most peers in one tracker answer: a stranger can't list a whole swarm at once. */
export const MAX_TRACKER_PEERS = 50

/** Connections to other visitors that a browser keeps: Chrome allows ~500 in a tab's whole life. */
export const MAX_BROWSER_PEERS = 24

/** A dial between browsers must be up by then; js-libp2p alone would wait half a minute. */
export const DIAL_TIMEOUT_MS = 2_500

/** Default deadline of a request and answer on a control stream. */
export const CONTROL_TIMEOUT_MS = 5_000

/** Swarm tokens live this long: long enough for a visit, short enough to be worth nothing stolen. */
export const SWARM_TOKEN_MS = 60 * 60 * 1000

/** Publish tokens (self-signed by the site's key) may be valid at most this long. */
export const MAX_PUBLISH_TOKEN_MS = 60 * 60 * 1000

/** Clock difference that is forgiven when a token's times are checked. */
export const CLOCK_SKEW_MS = 60 * 1000

/** Bytes that the page may send to the worker before the worker grants more. */
export const CHANNEL_CREDIT_BYTES = 8 * MiB

/** The worker waits this long for a page to say hello before it goes on without. */
export const CHANNEL_HELLO_TIMEOUT_MS = 300

/** Requests that the worker may have open at the page at once. */
export const MAX_CHANNEL_REQUESTS = 256

/** CIDs in one channel message (a request, a list of stored blocks): bounds what a broken page makes the worker allocate. */
export const MAX_CHANNEL_CIDS = 4096

/**
 * Pieces that the worker tells the page of before a player asks for them: bounds what is fetched for a viewer who
 * closes the page.
 */
export const MAX_AHEAD_PIECES = 64

/** URLs in one list of what a page loaded. */
export const MAX_LOADED_URLS = 1000

/**
 * A page wakes a streaming worker this often: Firefox ends a worker 30 s after its last event, and ends what it
 * streams without an error. Several times within that, since timers of busy and hidden pages come late.
 */
export const KEEP_ALIVE_MS = 5_000

/** Largest CAR upload in one request: bounds what a relay buffers per client and what a broken upload repeats. */
export const MAX_UPLOAD_BYTES = 32 * MiB

/** CIDs in one question for missing blocks. */
export const MAX_MISSING_CIDS = 10_000

/** `_redirects` and `_headers` files are at most this long (IPFS `_redirects` specification). */
export const MAX_RULES_FILE_BYTES = 64 * KiB
