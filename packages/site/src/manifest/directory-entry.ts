import { BlackholeError } from '@blackhole/protocol'
import { decode } from '@ipld/dag-pb'
import type { PBLink } from '@ipld/dag-pb'
import { murmur3128 } from '@multiformats/murmur3'
import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'

/** Gives the verified bytes of a block. */
export type GetBlock = (cid: CID, options: { readonly signal?: AbortSignal | undefined }) => Promise<Uint8Array>

/** dag-pb, the codec of UnixFS nodes. */
const DAG_PB = 0x70

/** A 64-bit hash has 8 levels of 256 slots; a deeper folder is hostile. */
const MAX_SHARD_DEPTH = 8

/** Widest shard that the UnixFS specification allows. */
const MAX_FANOUT = 1024

/**
 * Finds an entry of a UnixFS folder, plain or sharded (HAMT), reading only the
 * blocks on the way.
 *
 * @param visit - told each block that was read
 * @returns undefined when the folder has no such entry
 * @throws {BlackholeError} `invalid` when it is not a folder
 */
export async function findEntry(
  folder: CID,
  name: string,
  getBlock: GetBlock,
  options: { readonly signal?: AbortSignal | undefined; readonly visit?: ((cid: CID) => void) | undefined } = {},
): Promise<CID | undefined> {
  let cid = folder
  let path: Uint8Array | undefined
  for (let depth = 0; depth < MAX_SHARD_DEPTH; depth++) {
    if (cid.code !== DAG_PB) throw notFolder(cid)
    options.visit?.(cid)
    const { links, unixfs } = readNode(cid, await getBlock(cid, { signal: options.signal }))
    if (unixfs.type === 'directory') return links.find((link) => link.Name === name)?.Hash
    if (unixfs.type !== 'hamt-sharded-directory') throw notFolder(cid)
    const fanout = Number(unixfs.fanout ?? 0)
    const bits = Math.log2(fanout)
    if (!Number.isInteger(bits) || fanout < 2 || fanout > MAX_FANOUT) throw notFolder(cid)
    path ??= await murmur3128.encode(new TextEncoder().encode(name))
    // Links are named by their slot in hex, those of entries with the entry's name after it.
    const slot = bitsAt(path, depth * bits, bits)
      .toString(16)
      .toUpperCase()
    const prefix = slot.padStart((fanout - 1).toString(16).length, '0')
    const entry = links.find((link) => link.Name === prefix + name)
    if (entry !== undefined) return entry.Hash
    const shard = links.find((link) => link.Name === prefix)
    if (shard === undefined) return undefined
    cid = shard.Hash
  }
  throw new BlackholeError('invalid', `${folder.toString()} is a folder that is sharded too deeply`, {
    subject: folder.toString(),
  })
}

/** Reads a UnixFS node. */
export function readNode(cid: CID, block: Uint8Array): { links: readonly PBLink[]; unixfs: UnixFS } {
  try {
    const node = decode(block)
    if (node.Data === undefined) throw new Error('it has no UnixFS data')
    return { links: node.Links, unixfs: UnixFS.unmarshal(node.Data) }
  } catch (cause) {
    throw new BlackholeError('invalid', `${cid.toString()} is not a UnixFS node`, { cause, subject: cid.toString() })
  }
}

/** Bits of the hash, most significant first. IPFS uses the first 64 of murmur3's 128. */
function bitsAt(hash: Uint8Array, from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at++) {
    const byte = at < 64 ? (hash[at >> 3] ?? 0) : 0
    value = (value << 1) | ((byte >> (7 - (at & 7))) & 1)
  }
  return value
}

function notFolder(cid: CID): BlackholeError {
  return new BlackholeError('invalid', `${cid.toString()} is not a UnixFS folder`, { subject: cid.toString() })
}
