import { LimitError, MANIFEST_PATH, MAX_MANIFEST_BYTES, NotFoundError, PIECE_BYTES } from '@blackhole/protocol'
import type { CID } from 'multiformats/cid'
import { findEntry, readNode } from './directory-entry.ts'
import type { GetBlock } from './directory-entry.ts'

/** Codec of UnixFS nodes; other blocks of a file are its pieces. */
const DAG_PB = 0x70

/** Most blocks of a manifest: its pieces, and as many again for the nodes above them and for pieces that are smaller. */
const MAX_BLOCKS = 2 * Math.ceil(MAX_MANIFEST_BYTES / PIECE_BYTES) + 8

/**
 * CIDs of the blocks that lead from the root of a site version to its manifest,
 * and of the manifest's own: those that `loadManifest` reads. Only the nodes
 * are read, so that it costs little however large the manifest is.
 *
 * @param getBlock - gives verified bytes
 * @throws {NotFoundError} when the root is no site of ours
 * @throws {LimitError} when the manifest has more blocks than any can have
 */
export async function manifestWay(root: CID, getBlock: GetBlock): Promise<ReadonlySet<string>> {
  const way = new Set<string>()
  let cid = root
  for (const name of MANIFEST_PATH.split('/')) {
    const entry = await findEntry(cid, name, getBlock, { visit: (visited) => void way.add(visited.toString()) })
    if (entry === undefined) throw new NotFoundError(`${MANIFEST_PATH} in ${root.toString()}`)
    cid = entry
  }
  const folders = way.size
  for (const waiting = [cid]; waiting.length > 0;) {
    const next = waiting.pop()
    if (next === undefined || way.has(next.toString())) continue
    way.add(next.toString())
    if (way.size - folders > MAX_BLOCKS) throw new LimitError('blocks of a manifest', MAX_BLOCKS, way.size - folders)
    if (next.code === DAG_PB) for (const { Hash } of readNode(next, await getBlock(next, {})).links) waiting.push(Hash)
  }
  return way
}
