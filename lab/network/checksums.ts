/** Lengths and places in Ethernet, IPv4, TCP and UDP headers (RFC 894, 791, 9293, 768). */
const ETHERNET_BYTES = 14
const TYPE_IPV4 = 0x0800
const TCP = 6
const UDP = 17
const CHECKSUM_AT: Readonly<Record<number, number>> = { [TCP]: 16, [UDP]: 6 }

/**
 * Writes the TCP or UDP checksum of an Ethernet frame, in place. Between
 * virtual network cards the kernel leaves it to the card, which never writes
 * it: whoever takes a frame out of the kernel has to. Other frames, and
 * fragments, stay as they are.
 */
export function completeChecksum(frame: Buffer): void {
  if (frame.length < ETHERNET_BYTES + 20 || frame.readUInt16BE(12) !== TYPE_IPV4) return
  const ip = ETHERNET_BYTES
  const headerBytes = ((frame[ip] ?? 0) & 15) * 4
  const protocol = frame[ip + 9] ?? 0
  const at = CHECKSUM_AT[protocol]
  const end = ip + frame.readUInt16BE(ip + 2)
  const segment = ip + headerBytes
  const isFragment = (frame.readUInt16BE(ip + 6) & 0x3fff) !== 0
  if (at === undefined || isFragment || end > frame.length || segment + at + 2 > end) return
  frame.writeUInt16BE(0, segment + at)
  let sum = protocol + (end - segment)
  for (let i = ip + 12; i < ip + 20; i += 2) sum += frame.readUInt16BE(i)
  for (let i = segment; i + 1 < end; i += 2) sum += frame.readUInt16BE(i)
  if ((end - segment) % 2 === 1) sum += (frame[end - 1] ?? 0) << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  const checksum = ~sum & 0xffff
  // In UDP nought means that there is no checksum.
  frame.writeUInt16BE(protocol === UDP && checksum === 0 ? 0xffff : checksum, segment + at)
}
