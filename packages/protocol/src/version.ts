/**
 * Protocol identifiers. A change that an older peer can't read gets a new
 * version in the identifier; a change that it can skip (a new protobuf field)
 * does not.
 */

/** Pieces between two peers: one long stream per pair of peers and site. */
export const CDN_PROTOCOL = '/blackhole/cdn/1.0.0'

/** Announce to a swarm at a relay and learn of other peers. */
export const TRACKER_PROTOCOL = '/blackhole/tracker/1.0.0'

/** Site records: get, put and subscribe. */
export const HOSTING_PROTOCOL = '/blackhole/hosting/1.0.0'

/** Between relays of one federation: greeting, and who is in a swarm. */
export const FELLOW_PROTOCOL = '/blackhole/fellow/1.0.0'

/**
 * Version of the messages between page and service worker. Both are served by
 * the same relay and replaced at different moments, so they greet with it.
 */
export const CHANNEL_VERSION = 1

/** Version of `.blackhole/manifest.json`. */
export const MANIFEST_VERSION = 1
