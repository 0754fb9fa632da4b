import type { PieceStore } from '@blackhole/swarm'
import { createVerifiedFetchWithHelia } from '@helia/verified-fetch'
import type { VerifiedFetch } from '@helia/verified-fetch'
import { dns } from '@multiformats/dns'
import { createHeliaLight } from 'helia'
import type { FetchedPiece, PieceDemand } from '../piece-source/piece-source.ts'
import type { HttpComponents } from '../piece-source/relay-pieces.ts'
import { PieceBlockstore } from './piece-blockstore.ts'
import { RecordRouter } from './record-router.ts'
import { SwarmBroker } from './swarm-broker.ts'

/** What {@link createContentFetch} works with. */
export interface ContentComponents extends HttpComponents {
  readonly store: PieceStore
  /** One checked block, from wherever it is soonest. */
  block: (cid: string, demand: PieceDemand) => Promise<FetchedPiece>
}

/**
 * `@helia/verified-fetch` over a Helia that contacts nobody but our peers and
 * relays: no bitswap, no libp2p, no routers, gateways or DNS resolvers of
 * anyone else. Made on first use, since a site's own files don't need it.
 */
export async function createContentFetch(
  components: ContentComponents,
  relays: readonly string[],
): Promise<VerifiedFetch> {
  const helia = createHeliaLight({
    blockstore: new PieceBlockstore(components.store),
    blockBrokers: [new SwarmBroker(components.block)],
    routers: [new RecordRouter(components, relays)],
    // The default would ask public DNS resolvers. Relays resolve DNSLink names.
    dns: dns({ resolvers: { '.': [] } }),
  })
  await helia.start()
  return await createVerifiedFetchWithHelia(helia)
}
