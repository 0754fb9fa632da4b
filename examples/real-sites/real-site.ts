import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

/** A site that an npm package brings. */
export interface RealSite {
  readonly name: string
  /** Folder that is published as it is. */
  readonly folder: string
  /** Pages that a visitor opens, from the site's root. */
  readonly pages: readonly string[]
}

/** A file as it lies on disk. */
export interface DiskFile {
  readonly path: string
  readonly bytes: number
  /** In hexadecimal. */
  readonly sha256: string
  /** CID of its one block; undefined for a file of several pieces. */
  readonly cid: string | undefined
}

const packageFolder = (name: string): string => dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`)))

/** 1,876 files, 17.5 MB. */
export const SB_ADMIN: RealSite = {
  name: 'startbootstrap-sb-admin-2',
  folder: packageFolder('startbootstrap-sb-admin-2'),
  pages: ['', 'charts.html', 'tables.html', 'buttons.html', 'utilities-color.html'],
}

/** 279 files of its own; the plugins that its pages name come with the installation. */
export const ADMIN_LTE: RealSite = {
  name: 'admin-lte',
  folder: packageFolder('admin-lte'),
  pages: ['', 'index2.html', 'starter.html', 'pages/widgets.html', 'pages/tables/data.html'],
}

/** A file of zero bytes, and a 404 page. */
export const BOILERPLATE: RealSite = {
  name: 'html5-boilerplate',
  folder: join(packageFolder('html5-boilerplate'), 'dist'),
  pages: ['', 'index.html'],
}

/** One chunk; larger files have several pieces below a node. */
const PIECE_BYTES = 1024 * 1024

const RAW_CODEC = 0x55
const SHA2_256 = 0x12

/** Reads a folder as `blackhole publish` does: without `node_modules` and `.git`, hidden files included. */
export async function readDisk(folder: string): Promise<DiskFile[]> {
  const files: DiskFile[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')
    if (path.split('/').some((part) => part === 'node_modules' || part === '.git')) continue
    files.push(describe(path, await readFile(join(folder, path))))
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

function describe(path: string, bytes: Uint8Array): DiskFile {
  const digest = createHash('sha256').update(bytes).digest()
  // CIDv1 of a raw leaf, worked out by other means than the product's.
  const cid = bytes.byteLength > PIECE_BYTES ? undefined : CID.createV1(RAW_CODEC, createDigest(SHA2_256, digest))
  return { path, bytes: bytes.byteLength, sha256: digest.toString('hex'), cid: cid?.toString() }
}
