import { IdbSiteState, MemorySiteState } from '@blackhole/site'
import type { SiteState } from '@blackhole/site'
import { IdbPieceStore, MemoryPieceStore } from '@blackhole/swarm'
import type { PieceStore } from '@blackhole/swarm'
import type { Clock } from './clock.ts'
import type { WorkerConfig } from './config.ts'
import { InTime, inTime } from './in-time.ts'

/** State and pieces of the origin. */
export interface Storage {
  readonly state: SiteState
  readonly store: PieceStore
}

/** What answers are made from. A write that takes long holds nobody up, and is bounded by who writes. */
const STORE_READS = ['has', 'hasMany', 'get', 'getMany'] as const satisfies readonly (keyof PieceStore)[]

const STATE_CALLS = [
  'record',
  'acceptRecord',
  'manifest',
  'putManifest',
  'counters',
  'addCounters',
  'setting',
  'setSetting',
  'readyAnswer',
  'putReadyAnswer',
  'forgetReadyAnswers',
  'originStale',
  'setOriginStale',
  'originValidators',
  'setOriginValidators',
] as const satisfies readonly (keyof SiteState)[]

/**
 * Opens what the origin stored. Where IndexedDB can't be used (some private
 * windows) or doesn't open, memory stands in: the site works, and is forgotten with the worker. Where it
 * hangs later, reads reject in time ({@link InTime}), and what is asked for comes from elsewhere.
 */
export async function openStorage(
  { clock }: { readonly clock: Clock },
  { storageBytes }: Pick<WorkerConfig, 'storageBytes'>,
): Promise<Storage> {
  const [state, store] = await Promise.all([
    opened<SiteState>(new IdbSiteState(), () => new MemorySiteState()),
    opened<PieceStore>(new IdbPieceStore({}, { maxBytes: storageBytes }), () => new MemoryPieceStore()),
  ])
  return {
    state: inTime(state, STATE_CALLS, new InTime({ clock }, { what: 'The state of this site' })),
    store: inTime(store, STORE_READS, new InTime({ clock }, { what: 'The store of pieces' })),
  }
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
