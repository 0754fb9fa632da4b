import type { Source } from '@blackhole/protocol'
import type { BlockBroker, BlockRetrievalOptions } from '@helia/interface'
import type { CID } from 'multiformats/cid'
import type { FetchedPiece, PieceDemand } from '../piece-source/piece-source.ts'

/** Name of the progress event that says where a block came from. */
export const BLOCK_SOURCE_EVENT = 'blackhole:block'

/** Says where a block came from. */
export class BlockSourceEvent extends Event {
  /** Where it came from. */
  readonly detail: { readonly source: Source; readonly bytes: number }

  constructor(source: Source, bytes: number) {
    super(BLOCK_SOURCE_EVENT)
    this.detail = { source, bytes }
  }
}

/** A block on the way of a request that Helia makes is given up after this. */
const BLOCK_TIMEOUT_MS = 30_000

/** Helia's way to blocks: our swarm through the host page, then the relays' trustless gateways; the same hedge as for a site's own files. */
export class SwarmBroker implements BlockBroker {
  readonly name = 'blackhole'
  readonly #fetch: (cid: string, demand: PieceDemand) => Promise<FetchedPiece>

  constructor(fetch: (cid: string, demand: PieceDemand) => Promise<FetchedPiece>) {
    this.#fetch = fetch
  }

  async retrieve(cid: CID, options: BlockRetrievalOptions = {}): Promise<Uint8Array> {
    const timeout = AbortSignal.timeout(BLOCK_TIMEOUT_MS)
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
    const { bytes, source } = await this.#fetch(cid.toString(), { deadlineMs: 0, signal })
    await options.validateFn?.(bytes)
    options.onProgress?.(new BlockSourceEvent(source, bytes.byteLength))
    return bytes
  }
}
