import { BaseBlockstore } from 'blockstore-core'
import { NotFoundError } from 'interface-store'
import type { CID } from 'multiformats/cid'
import type { BlockVault } from './block-vault.ts'

/** The vault as Helia sees it: what is held, and nothing is put past the vault's accounting. */
export class VaultBlockstore extends BaseBlockstore {
  readonly #vault: BlockVault

  constructor(vault: BlockVault) {
    super()
    this.#vault = vault
  }

  override has(cid: CID): boolean {
    return this.#vault.has(cid)
  }

  override async *get(cid: CID): AsyncGenerator<Uint8Array> {
    const bytes = await this.#vault.get(cid)
    if (bytes === undefined) throw new NotFoundError(`${cid.toString()} is not held here`)
    yield bytes
  }
}
