import { MANIFEST_PATH, encodeManifest } from '@blackhole/protocol'
import type { Manifest } from '@blackhole/protocol'
import { BlockSource } from './block-source.ts'
import { importFiles, importFolder } from './file-dags.ts'
import type { DagEntry } from './file-dags.ts'
import { memoryFile } from './site-file.ts'

interface Folder {
  readonly folders: Map<string, Folder>
  readonly entries: Map<string, DagEntry>
}

/**
 * Builds all folders of a site, deepest first, the manifest in its place.
 *
 * @param dags - files by path
 * @param blocks - learns the nodes of the folders and the blocks of the manifest
 * @returns the root's CID
 */
export async function importTree(
  dags: ReadonlyMap<string, DagEntry>,
  manifest: Manifest,
  blocks: BlockSource,
): Promise<string> {
  const root: Folder = newFolder()
  for (const [path, dag] of dags) place(root, path, dag)

  // the manifest's pieces are not in a file that can be read again, so they are kept as nodes
  const bytes = encodeManifest(manifest)
  const file = memoryFile(MANIFEST_PATH, bytes)
  const own = new BlockSource(new Map([[MANIFEST_PATH, file]]))
  for await (const dag of importFiles(new Map([[MANIFEST_PATH, file]]), own)) place(root, MANIFEST_PATH, dag)
  for (const [cid, location] of own.blocks) {
    const block = await own.read(cid)
    blocks.blocks.set(cid, { type: 'node', bytes: block, size: location.size })
  }
  return (await build(root, blocks)).cid.toString()
}

async function build(folder: Folder, blocks: BlockSource): Promise<DagEntry> {
  const entries = new Map(folder.entries)
  for (const [name, child] of folder.folders) entries.set(name, await build(child, blocks))
  return importFolder(entries, blocks)
}

function place(root: Folder, path: string, dag: DagEntry): void {
  const parts = path.split('/')
  const name = parts.pop() ?? path
  let folder = root
  for (const part of parts) {
    const next = folder.folders.get(part) ?? newFolder()
    folder.folders.set(part, next)
    folder = next
  }
  folder.entries.set(name, dag)
}

function newFolder(): Folder {
  return { folders: new Map(), entries: new Map() }
}
