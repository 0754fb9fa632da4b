import { hash, randomBytes, timingSafeEqual, webcrypto } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BlackholeError } from '@blackhole/protocol'
import { FsBlockstore } from 'blockstore-fs'
import { NextToLast } from 'blockstore-fs/sharding'
import { NotFoundError } from 'interface-store'
import type { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'

/** Multicodec of sha2-256. */
const SHA2_256 = 0x12

/** From here on, hashing takes longer than handing it to another thread. */
const HASHED_ASIDE_BYTES = 64 * 1024

/**
 * Blocks as files, laid out as `blockstore-fs` does, with two differences:
 *
 * - `put` writes to a name of its own and renames. `blockstore-fs` uses one
 *   temporary name per block, so two writers of one block tear each other's
 *   file while it already has its final name.
 * - `get` hashes what it read. A file that a power cut or a failing disk left
 *   short is removed and counts as missing, so it is fetched or uploaded anew.
 */
export class BlockFiles extends FsBlockstore {
  readonly #layout: NextToLast
  readonly #temporary: string

  constructor(path: string) {
    const layout = new NextToLast()
    super(path, { shardingStrategy: layout })
    this.#layout = layout
    this.#temporary = join(this.path, '.incoming')
  }

  /** Creates the folder and drops what an interrupted write left. */
  override async open(): Promise<void> {
    await super.open()
    await rm(this.#temporary, { recursive: true, force: true })
    await mkdir(this.#temporary, { recursive: true })
  }

  override async put(cid: CID, value: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<CID> {
    const file = this.fileOf(cid)
    const temporary = join(this.#temporary, randomBytes(12).toString('hex'))
    try {
      await writeFile(temporary, value)
      await mkdir(dirname(file), { recursive: true })
      await rename(temporary, file)
    } catch (error) {
      await rm(temporary, { force: true })
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
        throw new BlackholeError('full', "The relay's disk is full", { cause: error, subject: 'disk' })
      }
      throw error
    }
    return cid
  }

  override async *get(cid: CID): AsyncGenerator<Uint8Array> {
    yield await this.read(cid)
  }

  /**
   * Reads a whole block.
   *
   * @throws {NotFoundError} when there is none, or what there is does not hash to the CID
   */
  async read(cid: CID): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#contentOf(cid)
    const intact = bytes.byteLength < HASHED_ASIDE_BYTES ? hashes(cid, bytes) : await hashesAside(cid, bytes)
    if (!intact) {
      await rm(this.fileOf(cid), { force: true })
      throw new NotFoundError(`The file of ${cid.toString()} was damaged and has been removed`)
    }
    return bytes
  }

  async #contentOf(cid: CID): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return await readFile(this.fileOf(cid))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      throw new NotFoundError(`There is no file of ${cid.toString()}`)
    }
  }

  /** Path of a block's file. */
  fileOf(cid: CID): string {
    const { dir, file } = this.#layout.encode(cid)
    return join(this.path, dir, file)
  }

  /** Multihashes of all files, for finding those that no row knows. */
  async *hashes(): AsyncGenerator<CID> {
    for (const folder of await readdir(this.path, { withFileTypes: true })) {
      if (!folder.isDirectory() || folder.name.startsWith('.')) continue
      for (const file of await readdir(join(this.path, folder.name))) {
        if (file.endsWith(this.#layout.extension)) yield this.#layout.decode(file)
      }
    }
  }
}

/** Whether bytes hash to a CID: sha2-256 and identity, the two hashes that sites have. */
export function hashes(cid: CID, bytes: Uint8Array): boolean {
  const { code, digest } = cid.multihash
  if (code === identity.code) return digest.byteLength === bytes.byteLength && timingSafeEqual(digest, bytes)
  if (code !== SHA2_256 || digest.byteLength !== 32) return false
  return timingSafeEqual(hash('sha256', bytes, 'buffer'), digest)
}

/** The same on another thread: a piece of 1 MiB would hold up all other requests for a millisecond. */
async function hashesAside(cid: CID, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const { code, digest } = cid.multihash
  if (code !== SHA2_256 || digest.byteLength !== 32) return hashes(cid, bytes)
  return timingSafeEqual(new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes)), digest)
}
