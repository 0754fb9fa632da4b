import type { SiteName, Source } from '@blackhole/protocol'
import type { SiteState } from '@blackhole/site'
import type { PieceStore } from '@blackhole/swarm'
import type { Clock } from './clock.ts'
import type { WorkerConfig } from './config.ts'
import { HedgeMemory } from './hedge-memory.ts'
import { isUrgent } from './hedge.ts'
import type { HostDirectory } from './host/host-directory.ts'
import { FirstOf } from './piece-source/first-of.ts'
import { HedgedPieces } from './piece-source/hedged-pieces.ts'
import type { WantLaterOptions } from './piece-source/later-pieces.ts'
import { LocalPieces } from './piece-source/local-pieces.ts'
import { OriginChangedError, OriginPieces } from './piece-source/origin-pieces.ts'
import { PatientPieces } from './piece-source/patient-pieces.ts'
import { PeerPieces } from './piece-source/peer-pieces.ts'
import { PieceKeeper } from './piece-source/piece-keeper.ts'
import type { FetchedPiece, Piece, PieceDemand, ResponseTraits } from './piece-source/piece-source.ts'
import { RelayPieces } from './piece-source/relay-pieces.ts'
import type { HttpComponents, HttpTimes } from './piece-source/relay-pieces.ts'

/** What {@link Pieces} works with. */
export interface PiecesComponents extends HttpComponents {
  readonly store: PieceStore
  /** Where the measured times are kept. */
  readonly state: Pick<SiteState, 'setting' | 'setSetting'>
  readonly directory: HostDirectory
  readonly clock: Clock
  /** Keeps the worker alive until the promise settles. */
  keepAlive: (work: Promise<unknown>) => void
  online: () => boolean
  /** From 0 up to, not including, 1. */
  random: () => number
  /** Bytes came that no reader will count. */
  count: (source: Source, bytes: number) => void
}

/** Traits of a block that is no part of a file's body: a manifest, a folder. Something waits for it. */
const SMALL_BLOCK: ResponseTraits = Object.freeze({ destination: 'document', bytes: 0, ahead: 0 })

/**
 * Blocks from wherever they are soonest: this browser, peers and HTTP hedged,
 * and at last whoever may come. What came over HTTP is kept and announced.
 */
export class Pieces {
  readonly #local: LocalPieces
  readonly #hedged: HedgedPieces
  readonly #relayHedged: HedgedPieces
  readonly #patient: PatientPieces
  readonly #keeper: PieceKeeper
  readonly #memory: HedgeMemory

  constructor(components: PiecesComponents, config: WorkerConfig, origin: string) {
    const { store, directory, clock } = components
    this.#keeper = new PieceKeeper(
      {
        store,
        clock,
        keepAlive: components.keepAlive,
        onStored: (cids) => {
          directory.broadcast({ type: 'stored', cids })
        },
      },
      config.site satisfies SiteName,
    )
    this.#local = new LocalPieces(store, this.#keeper)
    const peers = new PeerPieces(directory)
    const memory = new HedgeMemory({ ...components, now: () => clock.now() })
    this.#memory = memory
    const measured = ({ origin, bytes, firstByteMs, ms }: HttpTimes): void => {
      memory.origin(origin).took(ms, bytes, { firstByteMs })
      memory.changed()
    }
    const overHttp = { ...components, measured }
    const relays = new RelayPieces(overHttp, config.relays)
    const nextRelay = (): string | undefined => (relays.next === undefined ? undefined : new URL(relays.next).origin)
    const hedge = {
      peers,
      clock,
      memory,
      random: components.random,
      peerCount: () => directory.peers,
      fetching: (cids: readonly string[], over: boolean) => {
        directory.broadcast({ type: 'fetching', cids, over })
      },
      want: (cids: readonly string[], options: WantLaterOptions) => directory.connected?.wantLater(cids, options),
      keep: (cid: string, bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal) =>
        this.#keeper.keep(cid, bytes, { canWait: true, signal }),
      unread: (bytes: number) => {
        components.count('http', bytes)
      },
    }
    this.#relayHedged = new HedgedPieces({ ...hedge, http: relays, server: nextRelay })
    const isChanged = (error: unknown): boolean => error instanceof OriginChangedError
    const http = new FirstOf([new OriginPieces(overHttp, origin), relays], isChanged)
    this.#hedged =
      config.mode === 'tag' ? new HedgedPieces({ ...hedge, http, server: () => origin }) : this.#relayHedged
    this.#patient = new PatientPieces({
      directory,
      peers,
      relays,
      sleep: (ms, options) => clock.sleep(ms, options),
      online: components.online,
    })
  }

  /** Reads what earlier runs of the worker measured. Never rejects. */
  async start(): Promise<void> {
    await this.#memory.restore()
  }

  /** One checked piece of a site's file. */
  async file(piece: Piece, demand: PieceDemand, traits: ResponseTraits): Promise<FetchedPiece> {
    return await this.#get(this.#hedged, piece, demand, traits)
  }

  /** One checked block by its CID. */
  async block(cid: string, demand: PieceDemand): Promise<FetchedPiece> {
    return await this.#get(this.#relayHedged, { cid }, demand, SMALL_BLOCK)
  }

  /** For each CID, whether it is in this browser. */
  async stored(cids: readonly string[]): Promise<boolean[]> {
    return await this.#local.hasMany(cids)
  }

  /** Keeps a checked block that came over HTTP. */
  keep(cid: string, bytes: Uint8Array<ArrayBuffer>): void {
    void this.#keeper.keep(cid, bytes)
  }

  async #get(hedged: HedgedPieces, piece: Piece, demand: PieceDemand, traits: ResponseTraits): Promise<FetchedPiece> {
    const came = hedged.cameAhead(piece.cid, traits.progress)
    const missing = demand.missing === true && came === undefined
    const local = await this.#local.fetch(piece, { missing }).catch(() => undefined)
    if (local !== undefined) {
      // What came ahead for this response is counted in its progress.
      if (came === undefined || came === 'local') traits.progress?.got(local.bytes.byteLength)
      // The page has counted what came from peers.
      return came === 'http' ? { ...local, source: came } : local
    }
    if (came === 'http' && traits.progress !== undefined) hedged.lostAhead(piece, traits.progress)
    const fetched = await hedged.fetch(piece, demand, traits).catch(async (error: unknown) => {
      demand.signal.throwIfAborted()
      // The page may have stored it since, and be gone.
      const late = demand.missing === true ? await this.#local.fetch(piece).catch(() => undefined) : undefined
      return late ?? (await this.#patient.fetch(piece, demand, error))
    })
    if (fetched.source === 'http')
      await this.#keeper.keep(piece.cid, fetched.bytes, { canWait: !isUrgent(traits), signal: demand.signal })
    return fetched
  }
}
