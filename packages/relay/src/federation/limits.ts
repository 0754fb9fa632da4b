/** Bounds of what a relay has to do with other relays, and what each of them answers. */

const MiB = 1024 * 1024
const SECOND = 1000
const MINUTE = 60 * SECOND

/** Fellow relays that are linked at once: a link costs a connection and a share of each heartbeat, and GossipSub needs 6 to 12 of them. Configured ones come on top. */
export const MAX_FELLOWS = 16

/** Relays that an operator names as fellows: from one the others are found. */
export const MAX_CONFIGURED_FELLOWS = 16

/** Fellows that visitors are told of: with more, each answer to a page that comes would grow, and a page uses one or two. */
export const MAX_TOLD_FELLOWS = 8

/** Relays found through the DHT that are remembered, to be linked when there is room; a hostile one could name them without end. */
export const MAX_KNOWN_FELLOWS = 64

/** A fellow that is away is dialled again after this, doubled each time up to the most. */
export const FELLOW_REDIAL_MS = 1 * SECOND

/** The longest of these waits: a relay that is up again is linked within a minute and a half. */
export const MAX_FELLOW_REDIAL_MS = 1 * MINUTE

/** A relay found through the DHT that could not be reached so often is forgotten; a configured one never. */
export const MAX_FELLOW_FAILURES = 5

/** Time between two searches of the DHT for other relays, after the one that follows each new link. */
export const FELLOW_SEARCH_MS = 5 * MINUTE

/** Requests of one fellow per second (after a burst of five times as many): about one per announcement of its visitors. */
export const FELLOW_REQUESTS_PER_SECOND = 100

/** What fellows said of a site's swarm is used for this long: visitors that come in a crowd cost one question. */
export const FELLOW_SWARM_MS = 5 * SECOND

/** The answer to a visitor waits this long for fellows: less than the visitor's own deadline by far, more than a trip around the world. */
export const FELLOW_SWARM_TIMEOUT_MS = 500

/** Fellows that are asked about one site at once: in a large federation not each announcement may cost a question to all. */
export const MAX_ASKED_FELLOWS = 8

/** Sites whose swarms at fellows are remembered for {@link FELLOW_SWARM_MS}. */
export const MAX_FELLOW_SWARMS = 1_000

/** Bytes of the newest records heard of sites that the relay does not hold: some 20,000 records. */
export const MAX_HEARD_RECORD_BYTES = 16 * MiB

/** A record older than one that has been known for so long is a replay; a younger one may have crossed on the way. */
export const CROSSED_RECORD_MS = 1 * MINUTE

/** Records of held sites that are compared with a fellow when a link comes up: what was published while it was down. */
export const MAX_COMPARED_RECORDS = 500

/** A fellow that is asked for a record or a block answers by then, or another one is asked. */
export const FELLOW_ANSWER_MS = 5 * SECOND

/** A visitor's request waits this long for a site to be fetched from a fellow; then it is told to come again, and the fetch goes on. */
export const FELLOW_SITE_WAIT_MS = 15 * SECOND

/** A site is fetched from a fellow by then, or the fetch is given up; what came stays for the next one. */
export const FELLOW_SITE_MS = 30 * MINUTE

/** Sites fetched from fellows at once; a stranger's request may begin one. */
export const MAX_SITE_FETCHES = 8

/** A site that no fellow has is not asked for again for this long: names are free to invent. */
export const UNKNOWN_SITE_MS = 10 * SECOND

/** Unknown names that are remembered for {@link UNKNOWN_SITE_MS}. */
export const MAX_UNKNOWN_SITES = 10_000

/** Requests for sites that this relay lacks, per second and address (after a burst of 10 times as many): each may cost a question to every fellow. */
export const WANTS_PER_SECOND_PER_ADDRESS = 2

/** Blocks asked of a fellow at once: enough to fill the line between two data centres, at most 64 MiB in memory. */
export const FELLOW_BLOCKS_AT_ONCE = 32

/** Entries of the DHT in memory: whoever is admitted could store without end. */
export const MAX_DHT_ENTRIES = 10_000
