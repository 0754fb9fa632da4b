import type { PieceStore, Swarm } from '@blackhole/swarm'
import { BlackholeError, NotFoundError, type SiteName, type Source } from '@blackhole/protocol'
import type { BlockFetchOptions, FetchedBlock } from './block-provider.ts'

/** A way to get a verified block over HTTP, such as a relay's trustless gateway. */
export interface HttpBlocks {
  block(cid: string, options: { signal?: AbortSignal | undefined }): Promise<Uint8Array<ArrayBuffer>>
}

/** Where blocks come from. */
export interface SiteBlocksComponents {
  readonly store: PieceStore
  readonly swarm: Pick<Swarm, 'fetch' | 'stored' | 'holds' | 'unstored'>
  /** Asked one after the other when no peer has a block. */
  readonly http: readonly HttpBlocks[]
  /** Told of the bytes of blocks that were got, by where they were. */
  readonly onBytes: (source: Source, bytes: number) => void
}

/** Blocks of a site from the nearest place that has them: here, other visitors, relays; each checked against its CID. */
export class SiteBlocks {
  readonly #components: SiteBlocksComponents
  readonly #site: SiteName

  constructor(components: SiteBlocksComponents, init: { site: SiteName }) {
    this.#components = components
    this.#site = init.site
  }

  /**
   * A block from here or from other visitors. Not counted: whoever asks for it counts what it used.
   *
   * @throws {NotFoundError} at once when no connected peer can have it
   */
  async fromPeers(cid: string, options: BlockFetchOptions = {}): Promise<FetchedBlock> {
    const { store, swarm } = this.#components
    // What is known to be missing is asked for at once: a question to the store costs the first byte a round trip.
    const missing = swarm.holds(cid) === false
    const stored = swarm.unstored(cid) ?? (missing ? undefined : await store.get(cid))
    if (stored !== undefined) return { bytes: stored, source: 'local' }
    try {
      const { bytes } = await swarm.fetch(cid, { ...options, lastResort: false })
      return { bytes, source: 'peers' }
    } catch (error) {
      options.signal?.throwIfAborted()
      // Another tab or the worker may have stored it without a word.
      const late = missing ? await store.get(cid) : undefined
      if (late === undefined) throw error
      return { bytes: late, source: 'local' }
    }
  }

  /**
   * A block from wherever it can be had: when visitors fail, from relays over HTTP, or as peers of last resort.
   *
   * @throws {NotFoundError} when nobody has it
   */
  async get(cid: string, options: BlockFetchOptions = {}): Promise<FetchedBlock> {
    const block = await this.fromPeers(cid, options).catch(async (error: unknown) => {
      options.signal?.throwIfAborted()
      return await this.#overHttp(cid, options, error)
    })
    this.#components.onBytes(block.source, block.bytes.byteLength)
    return block
  }

  /**
   * A block that no visitor is asked for: from relays over HTTP, or as peers of last resort. It is stored, and peers are told.
   *
   * @throws {NotFoundError} when none has it
   */
  async fromRelays(cid: string, options: Pick<BlockFetchOptions, 'signal'> = {}): Promise<FetchedBlock> {
    const block = await this.#overHttp(cid, options, new NotFoundError(cid))
    this.#components.onBytes(block.source, block.bytes.byteLength)
    return block
  }

  async #overHttp(
    cid: string,
    { signal }: Pick<BlockFetchOptions, 'signal'>,
    peerError: unknown,
  ): Promise<FetchedBlock> {
    const { store, swarm, http } = this.#components
    let last: unknown = peerError
    for (const source of http) {
      try {
        const bytes = await source.block(cid, { signal })
        await store
          .put([{ cid, bytes, site: this.#site }])
          .then(() => swarm.stored([cid]))
          .catch((error: unknown) => {
            // A full store keeps nobody from reading.
            if (!(error instanceof BlackholeError)) throw error
          })
        return { bytes, source: 'http' }
      } catch (error) {
        signal?.throwIfAborted()
        last = error
      }
    }
    try {
      const { bytes } = await swarm.fetch(cid, { signal, lastResort: true })
      return { bytes, source: 'peers' }
    } catch (error) {
      signal?.throwIfAborted()
      // The worker may have stored it meanwhile, which ends the fetch.
      const late = await store.get(cid)
      if (late !== undefined) return { bytes: late, source: 'local' }
      // The first failure that is not "nobody has it" says the most.
      throw error instanceof NotFoundError && last instanceof Error ? last : error
    }
  }
}
