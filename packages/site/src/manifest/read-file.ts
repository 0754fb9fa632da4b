import { BlackholeError, LimitError } from '@blackhole/protocol'
import type { CID } from 'multiformats/cid'
import { readNode } from './directory-entry.ts'
import type { GetBlock } from './directory-entry.ts'

const RAW = 0x55

/** Pieces fetched at once. */
const CONCURRENCY = 8

/** 1024 links per node make 1024³ pieces with three levels of nodes; a deeper file is hostile. */
const MAX_DEPTH = 4

/** Options of {@link readUnixFsFile}. */
export interface ReadFileOptions {
  /** Most bytes that are read. */
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
  /** Told each block that was read. */
  readonly visit?: ((cid: CID) => void) | undefined
}

/**
 * Reads a small UnixFS file whole.
 *
 * @throws {LimitError} when it is larger than `maxBytes`
 * @throws {BlackholeError} `invalid` when it is not a file
 */
export async function readUnixFsFile(
  cid: CID,
  getBlock: GetBlock,
  options: ReadFileOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = await readParts(cid, getBlock, options, 0, { bytes: 0 })
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    file.set(part, at)
    at += part.byteLength
  }
  return file
}

async function readParts(
  cid: CID,
  getBlock: GetBlock,
  options: ReadFileOptions,
  depth: number,
  total: { bytes: number },
): Promise<Uint8Array[]> {
  options.signal?.throwIfAborted()
  options.visit?.(cid)
  const block = await getBlock(cid, { signal: options.signal })
  const count = (data: Uint8Array): Uint8Array => {
    total.bytes += data.byteLength
    if (total.bytes > options.maxBytes)
      throw new LimitError(`bytes of ${cid.toString()}`, options.maxBytes, total.bytes)
    return data
  }
  if (cid.code === RAW) return [count(block)]
  const { links, unixfs } = readNode(cid, block)
  if ((unixfs.type !== 'file' && unixfs.type !== 'raw') || depth >= MAX_DEPTH) {
    throw new BlackholeError('invalid', `${cid.toString()} is not a UnixFS file`, { subject: cid.toString() })
  }
  if (unixfs.fileSize() > BigInt(options.maxBytes)) {
    throw new LimitError(`bytes of ${cid.toString()}`, options.maxBytes, Number(unixfs.fileSize()))
  }
  const parts: Uint8Array[] = unixfs.data === undefined ? [] : [count(unixfs.data)]
  for (let at = 0; at < links.length; at += CONCURRENCY) {
    const batch = links.slice(at, at + CONCURRENCY)
    const read = await Promise.all(batch.map((link) => readParts(link.Hash, getBlock, options, depth + 1, total)))
    parts.push(...read.flat())
  }
  return parts
}
