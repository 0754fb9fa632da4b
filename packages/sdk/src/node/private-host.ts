/**
 * Whether a host (of a URL, without port) is on this machine or in a private
 * network: loopback (RFC 1122, RFC 4291, and `localhost` names of RFC 6761),
 * private addresses (RFC 1918), link-local and unique local ones (RFC 3927,
 * RFC 4193), and mDNS names (RFC 6762).
 */
export function isPrivateHost(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost') || name.endsWith('.local')) return true
  if (name.includes(':')) return name === '::1' || name.startsWith('::ffff:127.') || /^f[cd]|^fe[89ab]/.test(name)
  const octets = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(name)
  if (octets === null) return false
  const [first, second] = [Number(octets[1]), Number(octets[2])]
  return (
    first === 127 ||
    first === 10 ||
    first === 0 ||
    (first === 192 && second === 168) ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 169 && second === 254)
  )
}
