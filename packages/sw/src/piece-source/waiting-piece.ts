import type { HolderPace } from '@blackhole/protocol'
import type { ResponseProgress } from '../response/response-progress.ts'
import type { ResponseTraits } from './piece-source.ts'

/** The traits of a response whose pieces are read ahead. */
export type ReadAheadTraits = ResponseTraits & { readonly progress: ResponseProgress }

/** Who could send a piece, as the page said last. */
export type Holders = 'unknown' | 'held' | 'coming' | 'nobody'

/** How a piece is asked for over HTTP: in place of the peers, or beside them when it is late. */
export type Way = 'instead' | 'beside'

/** A piece that is on its way. */
export interface Waiting {
  readonly traits: ReadAheadTraits
  readonly bytes: number
  readonly ask: (way: Way) => void
  holders: Holders
  pace: HolderPace | undefined
  /** Since when nothing before it is on its way; the response waits for it. */
  firstSince: number | undefined
  overHttp: boolean
}

/** Asks for one in place of the peers; for the first one beside them, who may have sent most of it. */
export function askInstead({ ask, firstSince }: Waiting): () => void {
  return () => {
    ask(firstSince === undefined ? 'instead' : 'beside')
  }
}

/** Played from a buffer, from its first bytes on. */
export function isPlayed({ destination }: ReadAheadTraits): boolean {
  return destination === 'video' || destination === 'audio'
}
