import { BlockList, isIP } from 'node:net'

/**
 * IPv4 that is nobody's server on the internet: private, loopback, link-local,
 * shared, multicast, reserved, documentation (IANA IPv4 Special-Purpose
 * Address Registry; RFC 6890, RFC 6598, RFC 5771).
 */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

/**
 * Parts of IPv6's one block of global unicast, `2000::/3`, that stand for
 * something else: IETF protocols and Teredo, documentation, 6to4 and segment
 * routing (IANA IPv6 Special-Purpose Address Registry).
 */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
]

/**
 * Whether an IP address can be a server on the internet. Of IPv6 that is
 * global unicast alone: loopback, unique local, link-local, multicast, IPv4
 * written as IPv6 (mapped, compatible, translated) are all outside of it, and
 * an address with a zone is of a local link.
 */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return !listOf(SPECIAL_IPV4, 'ipv4').check(address, 'ipv4')
  if (version !== 6 || address.includes('%')) return false
  return listOf([['2000::', 3]], 'ipv6').check(address, 'ipv6') && !listOf(SPECIAL_IPV6, 'ipv6').check(address, 'ipv6')
}

function listOf(subnets: readonly (readonly [string, number])[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, family)
  return list
}
