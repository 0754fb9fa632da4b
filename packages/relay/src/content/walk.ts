import { LimitError, ValidationError } from '@blackhole/protocol'
import { decode as decodeDagPb, code as dagPbCode } from '@ipld/dag-pb'
import { code as rawCode } from 'multiformats/codecs/raw'
import type { CID } from 'multiformats/cid'
import { MAX_DAG_DEPTH, MAX_VERSION_BLOCKS } from '../limits.ts'

/** Where a walk reads from. */
export interface WalkSource {
  has(cid: CID): boolean
  get(cid: CID): Promise<Uint8Array | undefined>
}

/** What a walk found below a root. */
export interface WalkResult {
  /** Every block, the root included, once each. */
  blocks: CID[]
  /** Blocks that are linked but not here. Empty for a whole version. */
  missing: CID[]
}

/** CIDs that a block links to: those of a dag-pb node, none of a raw leaf. */
export function linksOf(cid: CID, bytes: Uint8Array): CID[] {
  if (cid.code === rawCode) return []
  if (cid.code !== dagPbCode) throw new ValidationError('block', 'UnixFS: a dag-pb or raw block', cid.toString())
  try {
    return decodeDagPb(bytes).Links.map((link) => link.Hash)
  } catch (cause) {
    throw new ValidationError('block', 'a well-formed dag-pb node', cid.toString(), { cause })
  }
}

/**
 * Walks everything below a root, breadth first. Leaves are looked up, not
 * read: they were verified when they arrived and are again when they are sent.
 *
 * @throws {LimitError} when the DAG is larger or deeper than a site may be
 */
export async function walk(root: CID, source: WalkSource, options: { signal?: AbortSignal } = {}): Promise<WalkResult> {
  const seen = new Set<string>([root.toString()])
  const blocks: CID[] = []
  const missing: CID[] = []
  let level: CID[] = [root]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DAG_DEPTH) throw new LimitError('depth of the site', MAX_DAG_DEPTH, depth)
    const next: CID[] = []
    for (const cid of level) {
      options.signal?.throwIfAborted()
      if (cid.code === rawCode ? !source.has(cid) : false) {
        missing.push(cid)
        continue
      }
      const bytes = cid.code === rawCode ? undefined : await source.get(cid)
      if (cid.code !== rawCode && bytes === undefined) {
        missing.push(cid)
        continue
      }
      blocks.push(cid)
      for (const link of bytes === undefined ? [] : linksOf(cid, bytes)) {
        const key = link.toString()
        if (seen.has(key)) continue
        seen.add(key)
        if (seen.size > MAX_VERSION_BLOCKS) throw new LimitError('blocks of the site', MAX_VERSION_BLOCKS, seen.size)
        next.push(link)
      }
    }
    level = next
  }
  return { blocks, missing }
}
