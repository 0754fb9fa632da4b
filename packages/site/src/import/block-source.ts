import { BlackholeError, NotFoundError } from '@blackhole/protocol'
import { sha256 } from 'multiformats/hashes/sha2'
import { CID } from 'multiformats/cid'
import { equals } from 'uint8arrays/equals'
import type { SiteFile } from './site-file.ts'

/** Where a block of an import is: in memory (nodes, the manifest), or a part of a file (pieces). */
export type BlockLocation =
  | { readonly type: 'node'; readonly bytes: Uint8Array<ArrayBuffer>; readonly size: number }
  | { readonly type: 'leaf'; readonly path: string; readonly offset: number; readonly size: number }

/** Options of {@link BlockSource.read}. */
export interface ReadBlockOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * The blocks of an imported site. It knows where the bytes are and keeps none
 * of the content, so that a site may be larger than memory.
 */
export class BlockSource {
  readonly blocks = new Map<string, BlockLocation>()
  readonly #files: ReadonlyMap<string, SiteFile>

  constructor(files: ReadonlyMap<string, SiteFile>) {
    this.#files = files
  }

  /** Keeps a node. */
  addNode(cid: CID, bytes: Uint8Array): void {
    this.blocks.set(cid.toString(), { type: 'node', bytes: new Uint8Array(bytes), size: bytes.byteLength })
  }

  /** Records a piece; the first file that has it is the one that it is read from. */
  addLeaf(cid: CID, path: string, offset: number, size: number): void {
    const key = cid.toString()
    if (!this.blocks.has(key)) this.blocks.set(key, { type: 'leaf', path, offset, size })
  }

  /**
   * Reads a block again and checks that it is still what was imported.
   *
   * @throws {BlackholeError} `changed`, naming the file, when the file is not what it was
   * @throws {NotFoundError} when the CID is no block of this import
   */
  async read(cid: string, options: ReadBlockOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const location = this.blocks.get(cid)
    if (location === undefined) throw new NotFoundError(`Block ${cid}`)
    if (location.type === 'node') return location.bytes
    const { path, offset, size } = location
    const file = this.#files.get(path)
    if (file === undefined) throw new NotFoundError(path)
    let bytes: Uint8Array<ArrayBuffer> | undefined
    try {
      bytes = await readRange(file, offset, offset + size, options.signal)
    } catch (cause) {
      options.signal?.throwIfAborted()
      throw changed(path, { cause })
    }
    if (bytes === undefined) throw changed(path)
    const expected = CID.parse(cid).multihash.digest
    if (!equals((await sha256.digest(bytes)).digest, expected)) throw changed(path)
    return bytes
  }
}

/** The error of a file that is not what it was when it was first read. */
export function changed(path: string, options: ErrorOptions = {}): BlackholeError {
  return new BlackholeError('changed', `${path} changed while it was being read; publish again`, {
    ...options,
    subject: path,
  })
}

/** Exactly the bytes asked for, or undefined when the file has not as many. */
async function readRange(
  file: SiteFile,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = new Uint8Array(end - start)
  let filled = 0
  for await (const chunk of file.open(start, end)) {
    signal?.throwIfAborted()
    if (filled + chunk.byteLength > bytes.byteLength) return undefined
    bytes.set(chunk, filled)
    filled += chunk.byteLength
  }
  return filled === bytes.byteLength ? bytes : undefined
}
