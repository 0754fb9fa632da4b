import { IdbSiteState, MemorySiteState, type SiteState } from '@blackhole/site'
import { IdbPieceStore, MemoryPieceStore, type PieceStore } from '@blackhole/swarm'

/** What a page keeps. */
export interface PageStores {
  readonly store: PieceStore
  readonly state: SiteState
}

/**
 * Opens what the origin stored. Where IndexedDB can't be used (some private
 * windows, blocked storage), memory stands in: the peer works, and forgets with the page.
 */
export async function openPageStores(init: { storageBytes: number }): Promise<PageStores> {
  const [store, state] = await Promise.all([
    openOr<PieceStore>(
      new IdbPieceStore({}, init.storageBytes > 0 ? { maxBytes: init.storageBytes } : {}),
      () => new MemoryPieceStore(),
    ),
    openOr<SiteState>(new IdbSiteState(), () => new MemorySiteState()),
  ])
  return { store, state }
}

async function openOr<T extends { open(): Promise<void> }>(wanted: T, instead: () => T): Promise<T> {
  try {
    await wanted.open()
    return wanted
  } catch {
    const memory = instead()
    await memory.open()
    return memory
  }
}
