import { decode as decodeDagPb, code as dagPbCode } from '@ipld/dag-pb'
import { NotFoundError } from '@blackhole/protocol'
import { UnixFS } from 'ipfs-unixfs'
import { exporter } from 'ipfs-unixfs-exporter'
import type { UnixFSEntry } from 'ipfs-unixfs-exporter'
import type { CID } from 'multiformats/cid'
import { carHeader, carSection } from '../car-of.ts'
import type { BlockVault } from '../content/block-vault.ts'
import { MAX_DAG_DEPTH } from '../limits.ts'
import { TracingReader } from './tracing-reader.ts'
import type { BlockReader } from './tracing-reader.ts'

/** How much below a path a CAR holds (trustless gateway specification). */
export type DagScope = 'all' | 'entity' | 'block'

/** Bytes of an entity: `from` and `to` (included, undefined for the end), negative from the end. */
export interface EntityBytes {
  from: number
  to: number | undefined
}

/** What a CAR is to hold. */
export interface CarPlan {
  root: CID
  /** Blocks on the path, the entity's own first one last. */
  way: readonly CID[]
  entry: UnixFSEntry
  scope: DagScope
  bytes: EntityBytes | undefined
}

/** A CARv1 of what a plan names, depth first, without duplicates, block by block as it is taken. */
export async function* carStream(plan: CarPlan, vault: BlockVault, blocks: BlockReader): AsyncGenerator<Uint8Array> {
  yield carHeader([plan.root])
  const sent = new Set<string>()
  const all = async function* (): AsyncGenerator<CID> {
    yield* plan.way
    yield* below(plan, vault, blocks)
  }
  for await (const cid of all()) {
    if (sent.has(cid.toString())) continue
    sent.add(cid.toString())
    const bytes = await vault.get(cid)
    if (bytes === undefined) throw new NotFoundError(cid.toString())
    yield carSection(cid, bytes.byteLength)
    yield bytes
  }
}

/** CIDs below the entity, in depth-first order. */
async function* below(plan: CarPlan, vault: BlockVault, blocks: BlockReader): AsyncGenerator<CID> {
  if (plan.scope === 'block') return
  const { entry } = plan
  if (plan.scope === 'entity' && plan.bytes !== undefined && (entry.type === 'file' || entry.type === 'raw')) {
    yield* ofRange(entry, plan.bytes, blocks)
    return
  }
  yield* descend(entry.cid, vault, plan.scope === 'all' || entry.type !== 'directory', 0)
}

/** @param everything - false: only the shards of a folder, not what is in it */
async function* descend(cid: CID, vault: BlockVault, everything: boolean, depth: number): AsyncGenerator<CID> {
  yield cid
  if (cid.code !== dagPbCode || depth > MAX_DAG_DEPTH) return
  const bytes = await vault.get(cid)
  if (bytes === undefined) throw new NotFoundError(cid.toString())
  const node = decodeDagPb(bytes)
  const shardPrefix = everything || node.Data === undefined ? undefined : shardPrefixOf(node.Data)
  for (const link of node.Links) {
    if (everything || (link.Name ?? '').length === shardPrefix) yield* descend(link.Hash, vault, everything, depth + 1)
  }
}

/** Length of the names of child shards in a sharded folder; undefined for a plain one, whose links are all entries. */
function shardPrefixOf(data: Uint8Array): number | undefined {
  const unixfs = UnixFS.unmarshal(data)
  return unixfs.type === 'hamt-sharded-directory' ? (Number(unixfs.fanout ?? 256) - 1).toString(16).length : undefined
}

/** Blocks that a byte range of a file touches, found by reading the range. */
async function* ofRange(
  entry: UnixFSEntry & { type: 'file' | 'raw' },
  range: EntityBytes,
  blocks: BlockReader,
): AsyncGenerator<CID> {
  const size = Number(entry.size)
  const from = Math.min(size, Math.max(0, range.from < 0 ? size + range.from : range.from))
  const last = range.to === undefined ? size - 1 : range.to < 0 ? size + range.to : Math.min(range.to, size - 1)
  yield entry.cid
  const reader = new TracingReader(blocks)
  const traced = await exporter(entry.cid, reader)
  if (last < from || (traced.type !== 'file' && traced.type !== 'raw')) return
  let told = 0
  for await (const chunk of traced.content({ offset: from, length: last - from + 1 })) {
    if (chunk.byteLength === 0) continue
    yield* reader.read.slice(told)
    told = reader.read.length
  }
}
