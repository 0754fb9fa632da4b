import { parseCid } from '@blackhole/protocol'
import type { Lease, PieceStore, PieceStoreUsage } from '@blackhole/swarm'
import type { BlockVault } from '../content/block-vault.ts'
import type { ContentSwitch } from '../content/content-switch.ts'

/** What {@link VaultPieceStore} works with. */
export interface VaultPieceStoreComponents {
  vault: BlockVault
  contentSwitch: ContentSwitch
}

/**
 * The relay's blocks as a swarm's piece store: to read from. What is put is
 * not kept, since a relay takes content from its publishers only. It holds
 * nothing while the relay serves no content.
 */
export class VaultPieceStore implements PieceStore {
  readonly #components: VaultPieceStoreComponents

  constructor(components: VaultPieceStoreComponents) {
    this.#components = components
  }

  open(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  has(cid: string): Promise<boolean> {
    return Promise.resolve(this.#has(cid))
  }

  hasMany(cids: readonly string[]): Promise<boolean[]> {
    return Promise.resolve(cids.map((cid) => this.#has(cid)))
  }

  get(cid: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#components.contentSwitch.serving
      ? this.#components.vault.get(parseCid(cid))
      : Promise.resolve(undefined)
  }

  getMany(cids: readonly string[]): Promise<(Uint8Array<ArrayBuffer> | undefined)[]> {
    return Promise.all(cids.map((cid) => this.get(cid)))
  }

  put(): Promise<void> {
    return Promise.resolve()
  }

  delete(): Promise<void> {
    return Promise.resolve()
  }

  lease(): Promise<Lease> {
    return Promise.resolve({ release: () => Promise.resolve() })
  }

  usage(): Promise<PieceStoreUsage> {
    const { blocks, bytes } = this.#components.vault.totals()
    return Promise.resolve({ pieces: blocks, bytes, quotaBytes: bytes })
  }

  clear(): Promise<void> {
    return Promise.resolve()
  }

  #has(cid: string): boolean {
    return this.#components.contentSwitch.serving && this.#components.vault.has(parseCid(cid))
  }
}
