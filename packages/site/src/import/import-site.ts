import { MANIFEST_VERSION, PIECE_BYTES, decodeManifest, encodeManifest } from '@blackhole/protocol'
import type { Manifest, ManifestFile } from '@blackhole/protocol'
import { contentTypeOf } from '../http/content-type.ts'
import { BlockSource } from './block-source.ts'
import type { BlockLocation, ReadBlockOptions } from './block-source.ts'
import { importFiles } from './file-dags.ts'
import type { FileDag } from './file-dags.ts'
import { collectSiteFiles } from './site-file.ts'
import type { SiteFile } from './site-file.ts'
import { importTree } from './site-tree.ts'

/** Knobs of {@link importSite}. */
export interface ImportOptions {
  /** The version published last: the same content keeps its root, other content gets the next sequence number. */
  readonly previous?: { readonly root: string; readonly manifest: Manifest } | undefined
  /** Least sequence number of a new version, when a higher one than the previous' is known. Default: previous + 1, or 1. */
  readonly sequence?: number | undefined
  /** Web origins whose visitors may join the swarm. Default: as in the previous version, or none. */
  readonly origins?: readonly string[] | undefined
  /** Who answers navigations on those origins. Default: as in the previous version, or `origin`. */
  readonly documents?: Manifest['documents'] | undefined
  /** Ends the site. Default false. */
  readonly retired?: boolean | undefined
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
  readonly signal?: AbortSignal | undefined
  /** Called after each file. */
  readonly onProgress?: ((progress: { readonly files: number; readonly bytes: number }) => void) | undefined
}

/** A site as content. */
export interface SiteImport {
  /** CID of the root folder. */
  readonly root: string
  readonly manifest: Manifest
  /** It is the previous version, byte for byte: root and sequence number are the previous ones. */
  readonly unchanged: boolean
  /** Number of files, the manifest not counted. */
  readonly files: number
  /** Bytes of the files. */
  readonly bytes: number
  /** Every block by its CID: the root, folders, file nodes, pieces, the manifest. */
  readonly blocks: ReadonlyMap<string, BlockLocation>
  /**
   * The bytes of a block, read again and checked.
   *
   * @throws {BlackholeError} `changed`, naming the file that is not what it was
   */
  readBlock(cid: string, options?: ReadBlockOptions): Promise<Uint8Array<ArrayBuffer>>
}

/**
 * Turns files into a site: UnixFS with the CIDs that any IPFS tool computes
 * (profile `unixfs-v1-2025`), and the manifest inside of it. Reads every file
 * once and keeps no content.
 *
 * @throws {BlackholeError} `invalid` for a bad name or when there is no file, `changed` when a
 * file changes while it is read, `unavailable` when one can't be read; each names the file
 * @throws {LimitError}
 */
export async function importSite(
  source: Iterable<SiteFile> | AsyncIterable<SiteFile>,
  options: ImportOptions = {},
): Promise<SiteImport> {
  const files = await collectSiteFiles(source)
  const blocks = new BlockSource(files)
  const dags = new Map<string, FileDag>()
  let bytes = 0
  const onFile = (size: number): void => {
    bytes += size
    options.onProgress?.({ files: dags.size + 1, bytes })
  }
  for await (const dag of importFiles(files, blocks, { signal: options.signal, onFile })) dags.set(dag.path, dag)
  options.signal?.throwIfAborted()

  const entries = Object.fromEntries([...files.keys()].map((path) => [path, manifestFile(path, dags.get(path))]))
  const manifest = nextManifest(entries, options)
  const root = await importTree(dags, manifest, blocks)
  return {
    root,
    manifest: decodeManifest(encodeManifest(manifest)),
    unchanged: root === options.previous?.root,
    files: files.size,
    bytes,
    blocks: blocks.blocks,
    readBlock: (cid, readOptions) => blocks.read(cid, readOptions),
  }
}

function manifestFile(path: string, dag: FileDag | undefined): ManifestFile {
  if (dag === undefined) throw new Error(`${path} was not imported`)
  const file = { cid: dag.cid.toString(), size: dag.size, type: contentTypeOf(path) }
  return dag.size > PIECE_BYTES ? { ...file, pieces: dag.pieces } : file
}

/** The previous manifest when nothing differs, else the next one. */
function nextManifest(files: Record<string, ManifestFile>, options: ImportOptions): Manifest {
  const previous = options.previous?.manifest
  const stated = {
    origins: options.origins ?? previous?.origins ?? [],
    documents: options.documents ?? previous?.documents ?? 'origin',
    retired: options.retired ?? false,
    files,
  }
  if (previous !== undefined && sameContent({ ...previous, ...stated }, previous)) return previous
  return {
    version: MANIFEST_VERSION,
    sequence: Math.max(options.sequence ?? 1, (previous?.sequence ?? 0) + 1),
    previous: options.previous?.root ?? null,
    created: new Date((options.now ?? Date.now)()).toISOString(),
    ...stated,
  }
}

function sameContent(a: Manifest, b: Manifest): boolean {
  const form = ({ origins, documents, retired, files }: Manifest): string =>
    JSON.stringify([
      origins,
      documents,
      retired,
      Object.entries(files)
        .map(([path, { cid, size, type }]) => [path, cid, size, type])
        .sort(([p], [q]) => ((p as string) < (q as string) ? -1 : 1)),
    ])
  return form(a) === form(b)
}
