import { BlackholeError, PIECE_BYTES } from '@blackhole/protocol'
import { importer } from 'ipfs-unixfs-importer'
import type { ImporterOptions, InProgressImportResult } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { changed } from './block-source.ts'
import type { BlockSource } from './block-source.ts'
import type { SiteFile } from './site-file.ts'

/** The CID profile of IPIP-499 that Kubo and Helia share: CIDv1, raw leaves, 1 MiB chunks, 1024 links per node. */
export const CID_PROFILE = 'unixfs-v1-2025'

/** A file or folder as an entry of a folder. */
export interface DagEntry {
  readonly cid: CID
  /** Bytes of the whole DAG below, as `Tsize` in the link to it has it. */
  readonly dagSize: bigint
}

/** The DAG of one file. */
export interface FileDag extends DagEntry {
  readonly path: string
  readonly size: number
  readonly pieces: readonly string[]
}

/** What {@link importFiles} takes besides the files. */
export interface ImportFilesOptions {
  readonly signal?: AbortSignal | undefined
  /** Called after each file with its bytes. */
  readonly onFile?: ((bytes: number) => void) | undefined
}

/** Files read at once. With {@link PIECES_AT_ONCE} it bounds what is in memory: 16 MiB. */
const FILES_AT_ONCE = 8

/** Pieces of one file hashed at once. */
const PIECES_AT_ONCE = 2

/**
 * Builds the UnixFS DAG of each file. Pieces are hashed and forgotten: `blocks`
 * learns where they are; nodes above them are kept there.
 *
 * @throws {BlackholeError} `changed` when a file has not the size that it was said to have;
 * `unavailable` when one can't be read
 */
export async function* importFiles(
  files: ReadonlyMap<string, SiteFile>,
  blocks: BlockSource,
  options: ImportFilesOptions = {},
): AsyncGenerator<FileDag> {
  const pieces = new Map<string, string[]>()
  const sizes = new Map<string, number>()

  const importerOptions: ImporterOptions = {
    profile: CID_PROFILE,
    fileImportConcurrency: FILES_AT_ONCE,
    blockWriteConcurrency: PIECES_AT_ONCE,
    // folders are built when all files are known
    treeBuilder: async function* (source) {
      yield* source
    },
    bufferImporter: async function* (file) {
      const path = file.path ?? ''
      const found: string[] = []
      pieces.set(path, found)
      let offset = 0
      for await (const chunk of file.content) {
        const at = offset
        offset += chunk.byteLength
        sizes.set(path, offset)
        yield async () => {
          const cid = CID.createV1(raw.code, await sha256.digest(chunk))
          found[at / PIECE_BYTES] = cid.toString()
          blocks.addLeaf(cid, path, at, chunk.byteLength)
          return { cid, size: BigInt(chunk.byteLength), block: chunk }
        }
      }
    },
  }

  const candidates = [...files].map(([path, file]) => ({ path, content: readWhole(path, file, options.signal) }))
  for await (const entry of importer(candidates, nodeSink(blocks), importerOptions)) {
    const path = entry.path ?? ''
    const size = sizes.get(path) ?? 0
    options.onFile?.(size)
    yield { path, cid: entry.cid, dagSize: entry.size, size, pieces: pieces.get(path) ?? [] }
    pieces.delete(path)
    sizes.delete(path)
  }
}

/**
 * Builds one folder from its entries, sharded (HAMT) when its block would pass
 * 256 KiB. It is built when the DAGs of all entries are known, so that folders
 * of many folders are sharded too; the importer, given paths, would count
 * those as nothing.
 */
export async function importFolder(entries: ReadonlyMap<string, DagEntry>, blocks: BlockSource): Promise<DagEntry> {
  let folder: DagEntry | undefined
  const importerOptions: ImporterOptions = {
    profile: CID_PROFILE,
    wrapWithDirectory: true,
    dagBuilder: async function* () {
      for (const [path, { cid, dagSize }] of entries) {
        yield () => Promise.resolve<InProgressImportResult>({ path, cid, size: dagSize, originalPath: path })
      }
    },
  }
  for await (const entry of importer([], nodeSink(blocks), importerOptions)) {
    if (entry.path === '' || entry.path === undefined) folder = { cid: entry.cid, dagSize: entry.size }
  }
  if (folder === undefined) throw new BlackholeError('invalid', 'A folder without entries cannot be imported')
  return folder
}

/** The importer's block store: it writes nodes only, since the leaves are recorded by place. */
function nodeSink(blocks: BlockSource): { put(cid: CID, bytes: unknown): Promise<CID> } {
  return {
    put: (cid, bytes) => {
      if (bytes instanceof Uint8Array) blocks.addNode(cid, bytes)
      return Promise.resolve(cid)
    },
  }
}

async function* readWhole(path: string, file: SiteFile, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  let size = 0
  try {
    for await (const chunk of file.open(0, file.size)) {
      signal?.throwIfAborted()
      size += chunk.byteLength
      if (size > file.size) break
      yield chunk
    }
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof BlackholeError) throw cause
    throw new BlackholeError(
      'unavailable',
      `${path} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause, subject: path },
    )
  }
  if (size !== file.size) throw changed(path)
}
