import type { ComponentLogger } from '@libp2p/interface'
import { createHeliaLight } from 'helia'
import type { Helia } from 'helia'
import type { Datastore } from 'interface-datastore'
import type { BlockVault } from './block-vault.ts'
import { VaultBlockstore } from './vault-blockstore.ts'

/** What {@link createContentNode} works with. */
export interface HeliaComponents {
  vault: BlockVault
  datastore: Datastore
  logger: ComponentLogger
}

/**
 * Helia over the relay's blocks, for reading any UnixFS content that is held.
 * It has no routers and no block brokers: what isn't here is not looked for
 * anywhere. Its pins are not used, since Helia 7 loses count of a block that
 * two roots share when one is unpinned and pinned again; the relay pins in its
 * own database, in the transaction that publishes a version.
 */
export function createContentNode(components: HeliaComponents): Helia {
  return createHeliaLight({
    blockstore: new VaultBlockstore(components.vault),
    datastore: components.datastore,
    logger: components.logger,
    blockBrokers: [],
    routers: [],
  })
}
