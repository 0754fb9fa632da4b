import type { PieceStore } from '@blackhole/swarm'
import { NotFoundError } from '@blackhole/protocol'
import { BaseBlockstore } from 'blockstore-core/base'
import type { CID } from 'multiformats/cid'

/** The piece store as Helia's blockstore: what was fetched by CID is kept, shared and evicted like everything else. */
export class PieceBlockstore extends BaseBlockstore {
  readonly #store: PieceStore

  constructor(store: PieceStore) {
    super()
    this.#store = store
  }

  override async has(cid: CID): Promise<boolean> {
    return await this.#store.has(cid.toString()).catch(() => false)
  }

  override async put(cid: CID, value: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<CID> {
    // A store that is full costs the copy only: Helia returns the block that it fetched, not the one that is stored.
    await this.#store.put([{ cid: cid.toString(), bytes: await join(value), site: '' }]).catch(() => undefined)
    return cid
  }

  override async *get(cid: CID): AsyncGenerator<Uint8Array> {
    const bytes = await this.#store.get(cid.toString())
    if (bytes === undefined) throw new NotFoundError(cid.toString())
    yield bytes
  }

  override async delete(cid: CID): Promise<void> {
    await this.#store.delete([cid.toString()])
  }
}

async function join(
  value: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  const chunks: Uint8Array[] = []
  for await (const chunk of value) chunks.push(chunk)
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
