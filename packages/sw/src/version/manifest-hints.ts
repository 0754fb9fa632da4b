import { MANIFEST_PATH, MAX_BLOCK_BYTES, CONTENT_TYPES } from '@blackhole/protocol'
import { verifyBlock } from '@blackhole/swarm'
import { readBounded } from '../piece-source/read-bounded.ts'
import type { HttpComponents } from '../piece-source/relay-pieces.ts'

/**
 * The blocks on the way to a manifest, asked for by path at once instead of
 * one after the other as each names the next: one round trip instead of three.
 * They are guesses until the block before them names their CID.
 */
export class ManifestHints {
  readonly #guesses: readonly Promise<Uint8Array<ArrayBuffer> | undefined>[]

  constructor(components: HttpComponents, relay: string, root: string, signal: AbortSignal) {
    const folders = MANIFEST_PATH.split('/')
    this.#guesses = ['', ...folders].map(async (_, depth) => {
      const path = [root, ...folders.slice(0, depth)].join('/')
      try {
        const response = await components.fetch(`${relay}/ipfs/${path}?format=raw`, {
          signal,
          headers: { Accept: CONTENT_TYPES.raw },
          cache: 'no-store',
          credentials: 'omit',
          referrerPolicy: 'no-referrer',
        })
        if (response.ok) return await readBounded(response, MAX_BLOCK_BYTES)
        await response.body?.cancel()
        return undefined
      } catch {
        return undefined
      }
    })
  }

  /** The block, when one of the guesses is it. */
  async find(cid: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (const guess of this.#guesses) {
      const bytes = await guess
      if (bytes !== undefined && (await verifyBlock(cid, bytes))) return bytes
    }
    return undefined
  }
}
