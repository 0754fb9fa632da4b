/**
 * Every bound of the relay with the attack or the platform limit that it
 * answers. Those that an operator may change are options (`config.ts`) whose
 * defaults are here.
 */

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** libp2p connections at once. js-libp2p stops at 300: the 301st visitor would find no swarm. One costs about 40 KB. */
export const MAX_CONNECTIONS = 5_000

/** Reservations at once: one per connected browser, or it can't be dialled. js-libp2p stops at 15. */
export const MAX_RESERVATIONS = 5_000

/** A reservation lives this long unless renewed; js-libp2p's own value, which its clients renew in time. */
export const RESERVATION_TTL_MS = 2 * HOUR

/**
 * Bytes of one relayed connection. It carries the WebRTC handshake (SDP and
 * candidates, some 20 KB) and nothing else: enough for a handshake with many
 * candidates, too little to use the relay as a free tunnel.
 */
export const RELAYED_CONNECTION_BYTES = 256 * KiB

/** A handshake is over in seconds; a minute lets slow phones finish and frees what a dead tab left. */
export const RELAYED_CONNECTION_MS = 1 * MINUTE

/** Relayed connections that one visitor may be the target of at once: js-libp2p's own value is per connection. */
export const MAX_STOP_STREAMS = 300

/** Connections that are still greeting. A page opened by a crowd arrives within a second; js-libp2p's 10 would refuse most of it. */
export const MAX_PENDING_CONNECTIONS = 500

/** A greeting (Noise, Yamux) takes a few round trips; who dawdles holds a slot of {@link MAX_PENDING_CONNECTIONS}. */
export const UPGRADE_TIMEOUT_MS = 10 * SECOND

/** Bytes of one WebSocket message from a visitor: libp2p's are at most 64 KiB, and `ws` alone would hold 100 MiB of one that never ends. */
export const MAX_WEB_SOCKET_MESSAGE_BYTES = 1 * MiB

/** What is sent to a visitor in one turn of the event loop goes out in WebSocket messages of about this size: a larger one would reach nobody before all of it is there. */
export const WEB_SOCKET_FRAME_BYTES = 64 * KiB

/** Bytes that wait for a visitor's socket before its streams are told to wait: js-libp2p's own value. */
export const WEB_SOCKET_WAITING_BYTES = 4 * MiB

/**
 * A visitor's WebSocket is pinged this often, and ended when it has not answered for twice as long: below the 30 to 60 s
 * after which routers and proxies forget a connection that is silent (RFC 5382 asks for 2 h, few grant it).
 */
export const WEB_SOCKET_PING_MS = 15 * SECOND

/**
 * libp2p pings each connection this often, by a new stream. js-libp2p's 10 s cost a core for 1,500 visitors who do
 * nothing; WebSockets have pings of their own, WebRTC asks for consent (RFC 7675), and this is for what else there is.
 */
export const STREAM_PING_MS = 2 * MINUTE

/**
 * New WebSockets per second and address, after a burst of as many. A campus
 * or a mobile carrier has thousands of visitors behind one address (RFC 6598
 * carrier-grade NAT), so js-libp2p's 5 is far too few; a flood is thousands.
 */
export const SOCKETS_PER_SECOND_PER_ADDRESS = 200

/** Open TCP connections per address: a flood from one address must leave descriptors for others (the usual limit is 20,000). */
export const MAX_SOCKETS_PER_ADDRESS = 2_000

/** Open TCP connections in all: below the usual limit of open files, with room for blocks and the database. */
export const MAX_SOCKETS = 12_000

/** Headers must be there by then, so that idle connections (slowloris) end. */
export const HEADERS_TIMEOUT_MS = 15 * SECOND

/** A whole request, upload included: 32 MiB over a slow line of 1 Mbit/s take 270 s. */
export const REQUEST_TIMEOUT_MS = 10 * MINUTE

/** Idle keep-alive connections; above the 60 s that common proxies reuse theirs for, so that they don't meet a closed one. */
export const KEEP_ALIVE_TIMEOUT_MS = 65 * SECOND

/**
 * An answer of which nothing was taken for so long ends: a client that asks and does not read holds a piece of memory for
 * each answer. Somewhat more than the minute that TCP needs to get over a broken path, and a phone to change networks.
 */
export const STALLED_ANSWER_MS = 1 * MINUTE

/** What of an answer is handed to the system at once: a reader is seen to move when it takes so much, 2 KiB/s within {@link STALLED_ANSWER_MS}. */
export const ANSWER_SLICE_BYTES = 128 * KiB

/**
 * Answers under way per address: each holds a piece (1 MiB, at most 2), so that one address can't make the relay hold
 * more than 128 MiB. A browser asks 6 things at once over HTTP/1.1; those of a crowd behind one NAT wait their turn.
 */
export const MAX_ANSWERS_PER_ADDRESS = 64

/** Answers under way in all: many addresses together can't make the relay hold more than 4 GiB. */
export const MAX_ANSWERS = 2_000

/** Requests per address that wait for an answer under way to end: few KB each. More, from pipelining without end, are refused. */
export const MAX_WAITING_PER_ADDRESS = 1_000

/** Requests that wait, in all: some 50 MB. */
export const MAX_WAITING = 10_000

/** A request waits so long for its turn: the answers before it end in moments, unless nobody reads them. */
export const WAITING_MS = 10 * SECOND

/** Header bytes of a request: Node's default, browsers stay below. */
export const MAX_HEADER_BYTES = 16 * KiB

/** Bytes of a JSON request body: 10,000 CIDs are 640 KB. */
export const MAX_JSON_BYTES = 1 * MiB

/** Bytes a site may add to a relay that sets no other quota: a stranger can't fill the disk with one key. */
export const QUOTA_BYTES = 5 * GiB

/**
 * Sites per hour and address that the relay does not know yet. Keys are free, so a quota per site bounds nobody by
 * itself: this is what a host of previews behind one address may need, and slows whoever fills the disk or the database.
 */
export const NEW_SITES_PER_HOUR_PER_ADDRESS = 100

/**
 * Records that are refused as replayed, forged, or not their owner's, at once, before nothing more is taken from the site whose
 * key vouched for them, or else from their address: each costs a check of a signature. A wrong clock tries a few times.
 */
export const REFUSED_RECORDS = 20

/** The same in the long run, per second: two a minute are somebody's broken script, not an attack. */
export const REFUSED_RECORDS_PER_SECOND = 1 / 30

/** Whose records were refused too often publishes nothing for so long: owners behind a banned address do, with their token. */
export const BANNED_PUBLISHER_MS = 10 * MINUTE

/** New sites that are remembered until something of them is stored; one that is forgotten counts again. */
export const MAX_ADMITTED_SITES = 10_000

/** Free disk space that uploads leave, so that the database can still write. */
export const MIN_FREE_BYTES = 256 * MiB

/** Versions of a site that stay for rollback; older ones are let go. */
export const KEPT_VERSIONS = 10

/** Blocks that no version pins live this long after they were last wanted: an interrupted upload resumes within a day. */
export const UNPINNED_BLOCK_MS = 24 * HOUR

/** Time between two collections of unpinned blocks. */
export const COLLECT_INTERVAL_MS = 1 * HOUR

/** Blocks in one site version: 64 MiB of manifest name at most about as many pieces. */
export const MAX_VERSION_BLOCKS = 1_000_000

/** Depth of a DAG: UnixFS of 1,024 links reaches 1 EB in 7; more is an attack on the stack or the clock. */
export const MAX_DAG_DEPTH = 64

/** CIDs that an answer about an incomplete version names; the client asks again with what it has. */
export const MAX_REPORTED_MISSING = 100

/** A visitor announces this often; an announcement is believed for {@link TRACKER_TTL_MS}. */
export const ANNOUNCE_INTERVAL_MS = 1 * MINUTE

/** Two announcements may be lost before a peer is forgotten. */
export const TRACKER_TTL_MS = 150 * SECOND

/** Peers remembered per site: a list is drawn from them at random, more make it no better. */
export const MAX_SWARM_PEERS = 10_000

/** Swarms in memory: at about 300 bytes a peer the tracker stays below 1 GB whatever is announced. */
export const MAX_SWARMS = 10_000

/** Announcements of one connection per second (after a burst of 20): a page has a handful of sites at most. */
export const ANNOUNCES_PER_SECOND = 2

/** Streams of one connection waiting for site updates. */
export const MAX_SUBSCRIPTIONS_PER_CONNECTION = 32

/** Reports of visitors per second and address (after a burst of five times as many): one per visitor and minute, for a crowd behind one NAT. */
export const VISITOR_REPORTS_PER_SECOND_PER_ADDRESS = 10

/** Bytes that one report may count: more than a visitor gets in a minute, so that one liar does not fill the operator's chart. */
export const MAX_REPORTED_BYTES = 4 * GiB

/** Longest page load that is reported; a page that sleeps in a background tab says nothing of the site. */
export const MAX_REPORTED_LOAD_MS = 2 * MINUTE

/** Swarm tokens per second and address (after a burst of 100): one per visit, for a crowd behind one NAT. */
export const TOKENS_PER_SECOND_PER_ADDRESS = 20

/**
 * Blocks of manifests per second and address (after a burst of 1,000): all that a rollback reads of ten versions at
 * once, and each may cost a look at the folders of ten.
 */
export const MANIFEST_BLOCKS_PER_SECOND_PER_ADDRESS = 50

/** STUN answers per second and address (after a burst of 200): a dial asks once per interface, and amplification must not pay. */
export const STUN_PER_SECOND_PER_ADDRESS = 50

/** Addresses that a rate limiter remembers; the idlest goes first, so that spoofed addresses can't fill memory. */
export const MAX_TRACKED_ADDRESSES = 50_000

/** Streams over which the relay serves pieces, as a peer of last resort, per connection: one per site. */
export const MAX_CDN_STREAMS_PER_CONNECTION = 16

/** A DNSLink answer is kept this long, whatever its TTL: resolvers don't tell Node the TTL of TXT records. */
export const DNSLINK_TTL_MS = 1 * MINUTE

/** Domains in the DNSLink cache: the Host header is a stranger's choice. */
export const MAX_DNSLINK_DOMAINS = 1_000

/** Answers under way get this long to end when the relay stops; service managers wait 10 s and more before they kill. */
export const SHUTDOWN_TIMEOUT_MS = 10 * SECOND

/** Bytes of a STUN request: one datagram that no network fragments (RFC 8489, 6.1). More could make us parse, and list, thousands of attributes. */
export const MAX_STUN_BYTES = 1_500

/** Files of the site versions whose manifests stay in memory: about 200 bytes each. */
export const MAX_CACHED_FILES = 500_000

/**
 * Bytes of blocks that stay in memory once they were read and verified: what a crowd asks for is neither read nor hashed
 * again for each of them. Which stay is decided by their uses (S3-FIFO), so that who walks through everything drives nothing out.
 */
export const HOT_BYTES = 64 * MiB

/** What keeping track of a block in memory costs, so that a million tiny ones take no more than their share. */
export const HOT_BLOCK_OVERHEAD_BYTES = 512

/** Hosts that are known to be names of sites without decoding their keys again: the Host header is a stranger's choice. */
export const MAX_REMEMBERED_HOSTS = 1_000

/** Visitors of one site that the relay sends pieces to at once; others wait, or find them at each other. */
export const UPLOAD_SLOTS_PER_SITE = 64

/** Versions of a site that the relay has in its swarm: the newest, and those that open pages may still show. */
export const SEEDED_VERSIONS = 3

/** Time between two looks at the certificate's files: a renewed one is used long before the old one runs out. */
export const CERTIFICATE_CHECK_MS = 10 * MINUTE

/** A request that was refused before all of it came may send the rest for this long; then its connection ends. */
export const DRAIN_TIMEOUT_MS = 5 * SECOND

/** Origins that one relay pulls from: each has a key, a swarm and questions of its own. */
export const MAX_PULL_ZONES = 64

/** Bytes of one asset that is pulled; a longer one stays with its origin. It is spooled to disk, never held in memory. */
export const MAX_PULLED_BYTES = 256 * MiB

/** Assets of a zone: its manifest, about 150 bytes each, is loaded by every visitor. */
export const MAX_PULLED_ASSETS = 20_000

/** Questions to one origin at once: fewer than one browser's six, since a relay must not be the crowd that it keeps away. */
export const PULLS_AT_ONCE = 4

/** Paths that wait to be fetched for one zone; what visitors report beyond that, they report again later. */
export const MAX_WAITING_PULLS = 1_000

/** Assets of one origin asked for per second (after a burst of 100): reports that name paths without end can't flood it. */
export const PULLS_PER_SECOND = 20

/** A path that was fetched and is not to be kept is not fetched again for so long, whoever reports it. */
export const REFUSED_PULL_MS = 10 * MINUTE

/** Refused paths that are remembered per zone: the longest known goes first. */
export const MAX_REFUSED_PULLS = 10_000

/** An origin begins its answer within this time, or says nothing. */
export const PULL_ANSWER_MS = 15 * SECOND

/** A whole answer: {@link MAX_PULLED_BYTES} at 1 MB/s; a slower origin's large files stay with it. */
export const PULL_BODY_MS = 5 * MINUTE

/** Bytes of a zone's proof of ownership: a small JSON object. */
export const MAX_PROOF_BYTES = 4 * KiB

/** Redirects that are followed to the proof, within its origin; an asset's are never followed. */
export const MAX_PROOF_REDIRECTS = 3

/** Until ownership is shown, the proof is looked for this often: an owner who just put it there waits for it. */
export const PROOF_WAIT_MS = 5 * SECOND

/** Once shown, it is looked at again this often. */
export const PROOF_CHECK_MS = 5 * MINUTE

/** A proof that is gone this many times in a row, {@link PROOF_GONE_MS} apart, ends the zone: a deployment in between does not. */
export const PROOF_MISSES = 3

/** Time between two looks for a proof that was there and is gone. */
export const PROOF_GONE_MS = 20 * SECOND

/** Time between two versions of a zone: visitors load the manifest of each, so what comes in together is published together. */
export const PULL_BATCH_MS = 5 * SECOND

/** An answer that is fresh for less is not kept: a version takes a while to reach visitors, and must not arrive stale. */
export const MIN_PULL_FRESH_MS = 30 * SECOND

/** An asset is asked about again so long before it expires (or at half of its time), so that the next version is there in time. */
export const PULL_LEAD_MS = 20 * SECOND

/** However long it is fresh, an asset is asked about after this time: a 304 costs little, and content changes against its headers. */
export const MAX_PULL_FRESH_MS = 1 * HOUR

/** An asset that no visitor has reported for so long is not asked about when it expires: it is dropped. */
export const PULL_WANTED_MS = 30 * MINUTE

/** The record of a zone is valid this long: visitors who reach no relay go back to the origin by then. */
export const PULL_RECORD_MS = 15 * MINUTE

/** Time between two looks at what is due in a zone. */
export const PULL_TICK_MS = 1 * SECOND

/** Bytes of one report to a pull zone: 200 paths of a usual length. */
export const MAX_ASSET_REPORT_BYTES = 64 * KiB

/** Reports of assets per second and address (after a burst of 50): one batch per page, for a crowd behind one NAT. */
export const ASSET_REPORTS_PER_SECOND_PER_ADDRESS = 10

/** Paths per second and address (after a burst of 2,000): what a crowd behind one NAT reports of a large site. */
export const REPORTED_PATHS_PER_SECOND_PER_ADDRESS = 200
