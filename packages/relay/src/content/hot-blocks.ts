import { MAX_COUNTED_USES, MAX_GHOSTS, SMALL_SHARE } from '@blackhole/swarm'
import { HOT_BLOCK_OVERHEAD_BYTES } from '../limits.ts'

/** Options of {@link HotBlocks}. */
export interface HotBlocksInit {
  /** Most bytes held; what keeping track of a block costs is counted, too. 0 holds nothing. */
  readonly maxBytes: number
}

interface HotBlock {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Times that it was asked for since it came into its queue, as far as {@link MAX_COUNTED_USES}. */
  uses: number
}

/**
 * Blocks that were read and verified, in memory for whoever asks next, by any
 * key. Which go is S3-FIFO (Yang et al., SOSP 2023, Algorithm 1; decision
 * 0010), as in the piece stores, but with queues that are read from their
 * ends: a site of very small files makes it no slower.
 *
 * The bytes are shared by all readers, who must not write to them.
 */
export class HotBlocks {
  readonly #maxBytes: number
  // A Map is a queue, too: it keeps the order in which its keys came.
  readonly #small = new Map<string, HotBlock>()
  readonly #main = new Map<string, HotBlock>()
  /** Keys of blocks that went before they were asked for again. */
  readonly #ghosts = new Set<string>()
  #smallBytes = 0
  #bytes = 0

  constructor(init: HotBlocksInit) {
    this.#maxBytes = init.maxBytes
  }

  /** Bytes held, what keeping track of them costs included. */
  get bytes(): number {
    return this.#bytes
  }

  /** A block, if it is here. */
  get(key: string): Uint8Array<ArrayBuffer> | undefined {
    const block = this.#small.get(key) ?? this.#main.get(key)
    if (block === undefined) return undefined
    if (block.uses < MAX_COUNTED_USES) block.uses += 1
    return block.bytes
  }

  /**
   * Keeps a block that is not here, and lets others go for it.
   *
   * @param bytes - verified; a part of a larger buffer would keep all of that, so it is copied out
   */
  add(key: string, bytes: Uint8Array<ArrayBuffer>): void {
    const cost = costOf(bytes)
    if (cost > this.#maxBytes) return
    while (this.#bytes + cost > this.#maxBytes) this.#evict()
    const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
    this.#bytes += cost
    if (this.#ghosts.delete(key)) {
      this.#main.set(key, { bytes: own, uses: 0 })
    } else {
      this.#small.set(key, { bytes: own, uses: 0 })
      this.#smallBytes += cost
    }
  }

  /** Lets a block go, as one that isn't held any more. */
  delete(key: string): void {
    this.#take(this.#small, key)
    this.#take(this.#main, key)
  }

  /** Lets one block go, after those before it that were asked for again have moved on. */
  #evict(): void {
    for (;;) {
      const isSmall = this.#main.size === 0 || this.#smallBytes >= SMALL_SHARE * this.#bytes
      const queue = isSmall ? this.#small : this.#main
      const [key = ''] = queue.keys()
      const block = this.#take(queue, key)
      if (block === undefined) return
      if (block.uses === 0) {
        if (isSmall) this.#remember(key)
        return
      }
      this.#main.set(key, { bytes: block.bytes, uses: isSmall ? 0 : block.uses - 1 })
      this.#bytes += costOf(block.bytes)
    }
  }

  #take(queue: Map<string, HotBlock>, key: string): HotBlock | undefined {
    const block = queue.get(key)
    if (block === undefined) return undefined
    queue.delete(key)
    const cost = costOf(block.bytes)
    this.#bytes -= cost
    if (queue === this.#small) this.#smallBytes -= cost
    return block
  }

  #remember(key: string): void {
    this.#ghosts.add(key)
    if (this.#ghosts.size <= MAX_GHOSTS) return
    const [oldest = ''] = this.#ghosts
    this.#ghosts.delete(oldest)
  }
}

function costOf(bytes: Uint8Array): number {
  return bytes.byteLength + HOT_BLOCK_OVERHEAD_BYTES
}
