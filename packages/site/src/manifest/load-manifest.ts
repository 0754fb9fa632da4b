import { MANIFEST_PATH, MAX_MANIFEST_BYTES, NotFoundError, PIECE_BYTES, decodeManifest } from '@blackhole/protocol'
import type { Manifest, ManifestFile } from '@blackhole/protocol'
import { CID } from 'multiformats/cid'
import { findEntry } from './directory-entry.ts'
import type { GetBlock } from './directory-entry.ts'
import { readUnixFsFile } from './read-file.ts'

/** A manifest and the blocks on the way to it. */
export interface LoadedManifest {
  readonly manifest: Manifest
  /** CIDs of the blocks that were read: the root, folders, the manifest's own. Whoever hosts the site keeps them. */
  readonly blocks: readonly string[]
  /** The manifest as a file of the site, which it can't list itself: what `/.blackhole/manifest.json` answers with. */
  readonly file: ManifestFile
}

/** Codec of a piece. */
const RAW = 0x55

/**
 * Loads the manifest of a site version: from the root over the reserved folder
 * to the file, reading only the blocks on the way, however many files there are.
 *
 * @param getBlock - gives verified bytes, wherever they come from
 * @throws {NotFoundError} when the root is no site of ours
 * @throws {ValidationError} {@link LimitError} when the manifest is not valid
 */
export async function loadManifest(
  root: CID | string,
  getBlock: GetBlock,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<LoadedManifest> {
  const start = typeof root === 'string' ? CID.parse(root) : root
  const blocks: string[] = []
  const visit = (cid: CID): void => void blocks.push(cid.toString())
  let cid = start
  for (const name of MANIFEST_PATH.split('/')) {
    const entry = await findEntry(cid, name, getBlock, { signal: options.signal, visit })
    if (entry === undefined) throw new NotFoundError(`${MANIFEST_PATH} in ${start.toString()}`)
    cid = entry
  }
  const bytes = await readUnixFsFile(cid, getBlock, { maxBytes: MAX_MANIFEST_BYTES, signal: options.signal, visit })
  return { manifest: decodeManifest(bytes), blocks, file: manifestFile(cid, bytes.byteLength, blocks) }
}

/** The pieces of the manifest are the raw blocks on the way: folders are none, and they come in order. */
function manifestFile(cid: CID, size: number, blocks: readonly string[]): ManifestFile {
  const file = { cid: cid.toString(), size, type: 'application/json' }
  return size > PIECE_BYTES ? { ...file, pieces: blocks.filter((block) => CID.parse(block).code === RAW) } : file
}
