import { IdbSiteState, MemorySiteState } from '@blackhole/site'
import type { SiteState } from '@blackhole/site'
import { IdbPieceStore, MemoryPieceStore } from '@blackhole/swarm'
import type { PieceStore } from '@blackhole/swarm'
import type { WorkerConfig } from './config.ts'

/** State and pieces of the origin. */
export interface Storage {
  readonly state: SiteState
  readonly store: PieceStore
}

/**
 * Opens what the origin stored. Where IndexedDB can't be used (some private
 * windows), memory stands in: the site works, and is forgotten with the worker.
 */
export async function openStorage({ storageBytes }: Pick<WorkerConfig, 'storageBytes'>): Promise<Storage> {
  const [state, store] = await Promise.all([
    opened<SiteState>(new IdbSiteState(), () => new MemorySiteState()),
    opened<PieceStore>(new IdbPieceStore({}, { maxBytes: storageBytes }), () => new MemoryPieceStore()),
  ])
  return { state, store }
}

async function opened<T extends { open(): Promise<void> }>(wanted: T, instead: () => T): Promise<T> {
  try {
    await wanted.open()
    return wanted
  } catch {
    const memory = instead()
    await memory.open()
    return memory
  }
}
