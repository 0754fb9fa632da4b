/** Lines of the operator's table of networks: the routing table of the Internet has a million prefixes, at about 100 bytes each here. */
export const MAX_NETWORKS = 1_500_000

/** Bytes of the table's file: so many lines with names of a usual length. */
export const MAX_NETWORKS_FILE_BYTES = 64 * 1024 * 1024

/** Longest name of a network: an AS number or a provider's name. */
export const MAX_NETWORK_NAME = 100

/** Peers of a swarm that are weighed for one asker: more would make each announcement of a large swarm dear. */
export const MAX_WEIGHED_PEERS = 64

/** Peers of a swarm that are counted at each announcement; counting more takes longer than all else of it. */
export const MAX_COUNTED_PEERS = 32

/** Those of a larger swarm that can be dialled are counted this often: of it the number need not be exact. */
export const SWARM_COUNT_MS = 1_000

/** Announcements on one stream that wait for those before them to be answered: a visitor waits for each answer. */
export const MAX_WAITING_ANNOUNCES = 4

/** The relay's own address is read anew so often: it hardly ever changes, and reading it costs more than an answer. */
export const CIRCUIT_ADDRESS_MS = 10_000
