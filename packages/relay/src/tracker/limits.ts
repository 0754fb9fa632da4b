/** Lines of the operator's table of networks: the routing table of the Internet has a million prefixes, at about 100 bytes each here. */
export const MAX_NETWORKS = 1_500_000

/** Bytes of the table's file: so many lines with names of a usual length. */
export const MAX_NETWORKS_FILE_BYTES = 64 * 1024 * 1024

/** Longest name of a network: an AS number or a provider's name. */
export const MAX_NETWORK_NAME = 100

/** Peers of a swarm that are weighed for one asker: more would make each announcement of a large swarm dear. */
export const MAX_WEIGHED_PEERS = 400
