import { siteNameOf } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { parseSiteName } from '@blackhole/protocol'
import { peerIdFromCID } from '@libp2p/peer-id'
import { CID } from 'multiformats/cid'

/** Where a domain's DNSLink is: a TXT record of this name under it. */
export const DNSLINK_PREFIX = '_dnslink.'

/** Most records and longest record that are looked at: DNS answers come from strangers. */
const MAX_RECORDS = 100
const MAX_RECORD_LENGTH = 1000

/**
 * Reads the site that a domain names by DNSLink (https://dnslink.dev):
 * `dnslink=/ipns/k51…`. When several are valid the first in alphabetical order
 * counts, so that everyone reads the same.
 *
 * @param records - TXT records of `_dnslink.DOMAIN`, the strings of each joined
 * @returns the site, or undefined when there is none
 */
export function parseDnsLink(records: readonly string[]): SiteName | undefined {
  return records
    .slice(0, MAX_RECORDS)
    .filter((record) => record.length <= MAX_RECORD_LENGTH)
    .sort()
    .map(siteOf)
    .find((name) => name !== undefined)
}

function siteOf(record: string): SiteName | undefined {
  const value = /^dnslink=\/ipns\/([^/\s]+)\/?$/.exec(record.trim())?.[1]
  if (value === undefined) return undefined
  try {
    return value.startsWith('k51') ? parseSiteName(value) : siteOfCid(CID.parse(value))
  } catch {
    // a DNSLink to something else (another domain, a path) is not ours
    return undefined
  }
}

/** The same key in another base (`bafz…`). */
function siteOfCid(cid: CID): SiteName | undefined {
  const { publicKey } = peerIdFromCID(cid)
  return publicKey === undefined ? undefined : siteNameOf(publicKey)
}
