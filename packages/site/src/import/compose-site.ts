import { PIECE_BYTES, decodeManifest, encodeManifest, parseCid } from '@blackhole/protocol'
import type { Manifest, ManifestFile } from '@blackhole/protocol'
import { BlockSource } from './block-source.ts'
import type { ReadBlockOptions } from './block-source.ts'
import { importFiles } from './file-dags.ts'
import type { SiteFile } from './site-file.ts'
import { importTree } from './site-tree.ts'

/** A file that is imported, and whose blocks are kept elsewhere: what a site needs to have it. */
export interface ImportedFile {
  readonly cid: string
  /** Bytes. */
  readonly size: number
  /** CIDs of its pieces in order. */
  readonly pieces: readonly string[]
  /** Bytes of the whole DAG, as a folder's link to it has them. A decimal number. */
  readonly dagSize: string
}

/** Blocks with the way to read them. */
export interface ImportedBlocks {
  readonly cids: readonly string[]
  /** @throws {BlackholeError} `changed` when the file is not what was imported */
  readBlock(cid: string, options?: ReadBlockOptions): Promise<Uint8Array<ArrayBuffer>>
}

/**
 * Imports one file, as {@link importSite} imports each.
 *
 * @throws {BlackholeError} `changed` or `unavailable`
 */
export async function importOneFile(
  file: SiteFile,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ImportedFile & ImportedBlocks> {
  const files = new Map([[file.path, file]])
  const blocks = new BlockSource(files)
  for await (const dag of importFiles(files, blocks, options)) {
    return {
      cid: dag.cid.toString(),
      size: dag.size,
      pieces: dag.pieces,
      dagSize: dag.dagSize.toString(),
      cids: [...blocks.blocks.keys()],
      readBlock: (cid, readOptions) => blocks.read(cid, readOptions),
    }
  }
  throw new Error(`${file.path} was not imported`)
}

/** A file of a site that is composed: with its content type, since that need not follow from its name. */
export interface ComposedFile extends ImportedFile {
  readonly type: string
}

/** What {@link composeSite} takes besides the files. */
export type ComposeInit = Omit<Manifest, 'files'>

/** A site whose files were imported before. */
export interface ComposedSite extends ImportedBlocks {
  /** CID of the root folder. */
  readonly root: string
  readonly manifest: Manifest
}

/**
 * Makes a site of files that were imported before, without reading them again.
 * It may have no file at all. Its blocks are those of folders and manifest.
 *
 * @param files - by path; none may lie below another
 */
export async function composeSite(files: ReadonlyMap<string, ComposedFile>, init: ComposeInit): Promise<ComposedSite> {
  const entries: Record<string, ManifestFile> = Object.create(null) as Record<string, ManifestFile>
  for (const [path, { cid, size, type, pieces }] of files)
    entries[path] = size > PIECE_BYTES ? { cid, size, type, pieces } : { cid, size, type }
  const manifest = decodeManifest(encodeManifest({ ...init, files: entries }))
  const blocks = new BlockSource(new Map())
  const dags = new Map(
    [...files].map(([path, file]) => [path, { cid: parseCid(file.cid), dagSize: BigInt(file.dagSize) }]),
  )
  const root = await importTree(dags, manifest, blocks)
  return {
    root,
    manifest,
    cids: [...blocks.blocks.keys()],
    readBlock: (cid, options) => blocks.read(cid, options),
  }
}
