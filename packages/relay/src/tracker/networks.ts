import { isIP } from 'node:net'
import { readFile, stat } from 'node:fs/promises'
import { LimitError, ValidationError } from '@blackhole/protocol'
import { MAX_NETWORKS, MAX_NETWORKS_FILE_BYTES, MAX_NETWORK_NAME } from './limits.ts'
import type { PeerPlace } from './peer-choice.ts'

/** Bits that IPv4 addresses have before them as IPv6 ones: `::ffff:0:0/96` (RFC 4291, section 2.5.5.2). */
const MAPPED = 0xffff_0000_0000n
const MAPPED_BITS = 96

/** Which network an address belongs to, by the longest prefix that the operator's table has. */
export class Networks {
  /** By length of the prefix in bits, longest first; then by its bits. */
  readonly #byLength: readonly (readonly [bigint, ReadonlyMap<bigint, string>])[]

  private constructor(byLength: ReadonlyMap<number, ReadonlyMap<bigint, string>>) {
    this.#byLength = [...byLength].sort(([a], [b]) => b - a).map(([length, names]) => [BigInt(128 - length), names])
  }

  /** A table without networks. */
  static readonly none: Networks = new Networks(new Map())

  /**
   * Reads lines of `prefix,network`, such as `192.0.2.0/24,AS64496` or `2001:db8::/32,Example`. Empty lines and those
   * that begin with `#` are left out.
   *
   * @throws {ValidationError} naming the line that is wrong
   * @throws {LimitError} for more than {@link MAX_NETWORKS}
   */
  static parse(text: string): Networks {
    const byLength = new Map<number, Map<bigint, string>>()
    const names = new Map<string, string>()
    let count = 0
    let number = 0
    for (const line of text.split('\n')) {
      number += 1
      const content = line.trim()
      if (content === '' || content.startsWith('#')) continue
      if ((count += 1) > MAX_NETWORKS) throw new LimitError('lines of networks', MAX_NETWORKS, count)
      const entry = readLine(content)
      if (entry === undefined)
        throw new ValidationError(
          `networks, line ${String(number)}`,
          'a prefix and a name, such as 192.0.2.0/24,AS64496',
          content,
        )
      const { bits, length, name } = entry
      const known = byLength.get(length) ?? new Map<bigint, string>()
      byLength.set(length, known.set(bits, names.get(name) ?? name))
      names.set(name, name)
    }
    return new Networks(byLength)
  }

  /**
   * Reads a file; none when the path is empty.
   *
   * @throws {ValidationError} when it can't be read, and what {@link Networks.parse} throws
   */
  static async load(path: string): Promise<Networks> {
    if (path === '') return Networks.none
    try {
      const { size } = await stat(path)
      if (size > MAX_NETWORKS_FILE_BYTES) throw new LimitError('bytes of networks', MAX_NETWORKS_FILE_BYTES, size)
      return Networks.parse(await readFile(path, 'utf8'))
    } catch (cause) {
      if (cause instanceof ValidationError || cause instanceof LimitError) throw cause
      throw new ValidationError('networks', 'a readable file of lines prefix,network', path, { cause })
    }
  }

  /** The network of an address; undefined when the table has none or it is no address. */
  of(address: string): string | undefined {
    const bits = bitsOf(address)
    if (bits === undefined) return undefined
    for (const [shift, names] of this.#byLength) {
      const name = names.get(bits >> shift)
      if (name !== undefined) return name
    }
    return undefined
  }

  /** Where an address is. Loopback says nothing: it is a proxy's, or everybody is on one machine. */
  place(address: string | undefined, rttMs: number | undefined): PeerPlace {
    const bits = address === undefined ? undefined : bitsOf(address)
    if (address === undefined || bits === undefined) return { rttMs }
    const isIPv4 = bits >> 32n === MAPPED >> 32n
    if (isIPv4 ? (bits & 0xff00_0000n) === 0x7f00_0000n : bits === 1n) return { rttMs }
    const prefix = isIPv4 ? `4:${(bits >> 8n).toString(16)}` : `6:${(bits >> 80n).toString(16)}`
    return { prefix, network: this.of(address), rttMs }
  }
}

function readLine(line: string): { bits: bigint; length: number; name: string } | undefined {
  const [prefix = '', ...rest] = line.split(',')
  const name = rest
    .join(',')
    .trim()
    .replace(/^"(.*)"$/, '$1')
  const [address = '', length = ''] = prefix
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .split('/')
  const version = isIP(address)
  const bits = bitsOf(address)
  if (bits === undefined || !/^\d{1,3}$/.test(length) || name === '' || name.length > MAX_NETWORK_NAME) return undefined
  if (Number(length) > (version === 4 ? 32 : 128)) return undefined
  const total = Number(length) + (version === 4 ? MAPPED_BITS : 0)
  return { bits: bits >> BigInt(128 - total), length: total, name }
}

/** An address as 128 bits, IPv4 as IPv6 maps it; undefined when it isn't one. */
function bitsOf(address: string): bigint | undefined {
  const version = isIP(address)
  if (version === 4) return MAPPED | address.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n)
  if (version !== 6) return undefined
  const [plain = ''] = address.split('%')
  // URL writes IPv6 in its shortest form, without embedded IPv4.
  const host = URL.parse(`http://[${plain}]`)?.hostname.slice(1, -1)
  if (host === undefined) return undefined
  const [head = '', tail] = host.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].reduce((bits, part) => (bits << 16n) | BigInt(`0x${part}`), 0n)
}
