import { BlackholeError, parseCid, ValidationError } from '@blackhole/protocol'
import type { CdnMessage, HolderPace } from '@blackhole/protocol'
import type { Logger, Startable } from '@libp2p/interface'
import { TypedEventEmitter } from 'main-event'
import { admit, checkWanted, keepsOld } from './admission.ts'
import { ChokeControl } from './choke-control.ts'
import { ChokedAllowance } from './choked-allowance.ts'
import { Downloader } from './downloader.ts'
import { holderPace } from './holder-pace.ts'
import { Penalties } from './penalties.ts'
import { PieceWriter } from './piece-writer.ts'
import { RateCap } from './rate-cap.ts'
import { peerInfo } from './swarm-events.ts'
import { completeOptions, setTimer } from './swarm-options.ts'
import { Uploader } from './uploader.ts'
import { Versions } from './versions.ts'
import type { PeerLink } from './admission.ts'
import type { FetchOptions, PrefetchOptions } from './fetch-options.ts'
import type { FetchedPiece } from './piece-fetch.ts'
import type { RemotePeer } from './remote-peer.ts'
import type { PeerInfo, SwarmEvents } from './swarm-events.ts'
import type { SwarmComponents, SwarmInit, SwarmOptions } from './swarm-options.ts'

/** How often stalls and choking are looked at. */
const TICK_MS = 500

/** The peers of one site, as far as we are connected: what they hold, getting it from them, and serving them. */
export class Swarm extends TypedEventEmitter<SwarmEvents> implements Startable {
  readonly #components: SwarmComponents
  readonly #options: SwarmOptions
  readonly #log: Logger | undefined
  readonly #peers = new Map<string, RemotePeer>()
  readonly #penalties: Penalties
  readonly #versions: Versions
  readonly #writer: PieceWriter
  readonly #uploader: Uploader
  readonly #uploadCap: RateCap
  readonly #downloader: Downloader
  readonly #choking: ChokeControl
  #greeting = 0
  #lifetime = new AbortController()
  #cancelTick: (() => void) | undefined
  #started = false
  #downloaded = 0
  #uploaded = 0

  /** @throws {ValidationError} naming the option that is out of bounds */
  constructor(components: SwarmComponents, init: SwarmInit) {
    super()
    const options = completeOptions(init)
    const { store } = components
    const now = (): number => components.now()
    const random = (): number => components.random()
    const peers: ReadonlyMap<string, RemotePeer> = this.#peers
    this.#components = components
    this.#options = options
    this.#log = components.logger?.forComponent('blackhole:swarm')
    this.#penalties = new Penalties({
      peers,
      now,
      log: this.#log,
      onBan: (detail) => this.safeDispatchEvent('peer:ban', { detail }),
    })
    this.#versions = new Versions({ store, peers, now })
    this.#writer = new PieceWriter(
      {
        store,
        now,
        isPressed: () => this.#downloader.isUrgent,
        stored: (cids) => this.#held(cids),
        failed: (error) => {
          this.#log?.error('a piece could not be stored - %e', error)
          this.safeDispatchEvent('store:error', { detail: { error } })
        },
      },
      options.site,
    )
    this.#uploadCap = new RateCap(options.maxUploadBytesPerSecond, now())
    this.#uploader = new Uploader({
      store,
      sizeOf: (cid) => this.#versions.table.sizeOf(cid),
      peers,
      cap: this.#uploadCap,
      allowance: new ChokedAllowance(options.chokedAllowanceBytes),
      now,
      setTimer: (callback, ms) => setTimer(this.#components, callback, ms),
      strike: (peer, what) => this.#penalties.strike(peer.id, what),
      flooded: (peer) => this.#penalties.timeOut(peer.id, 'flood'),
      missing: (cid) => this.#versions.evicted(cid),
      uploaded: (peer, bytes) => {
        this.#uploaded += bytes
        this.safeDispatchEvent('upload', { detail: { peer: peer.id, bytes } })
      },
    })
    this.#downloader = new Downloader(
      {
        peers,
        versions: this.#versions,
        now,
        random,
        isBusy: () => this.#writer.isFull,
        ban: (peer, cid) => this.#penalties.corrupt(peer, cid),
        strike: (peer, what) => this.#penalties.strike(peer.id, what),
        timeOut: (peer, reason) => this.#penalties.timeOut(peer.id, reason),
        deliver: (cid, piece, background) => this.#deliver(cid, piece, background),
      },
      options,
    )
    this.#choking = new ChokeControl({ peers, uploader: this.#uploader, now, random }, options.uploadSlots)
  }

  start(): void {
    if (this.#started) return
    this.#started = true
    this.#lifetime = new AbortController()
    this.#tick()
  }

  /** Ends all streams and fetches, and waits until what came is stored. */
  async stop(): Promise<void> {
    if (!this.#started) return
    this.#started = false
    this.#cancelTick?.()
    this.#lifetime.abort()
    this.#downloader.stop()
    this.#uploader.stop()
    await Promise.all([...this.#peers.values()].map((peer) => peer.session.close()))
    await this.#writer.settled()
  }

  /** Peers that the swarm exchanges pieces with now. */
  get peers(): readonly PeerInfo[] {
    const now = this.#components.now()
    return [...this.#peers.values()].map((peer) => peerInfo(peer, now))
  }

  /** Bytes of pieces that came from peers and were right, and bytes of content sent to peers. */
  get counters(): { readonly downloaded: number; readonly uploaded: number } {
    return { downloaded: this.#downloaded, uploaded: this.#uploaded }
  }

  isBanned(peer: string): boolean {
    return this.#penalties.isBanned(peer)
  }

  /**
   * Takes a stream and owns it from now on. Resolves when both hellos were accepted.
   *
   * @throws {BlackholeError} with reason `banned`, LimitError, ValidationError, TokenError, DeadlineError: the stream is aborted then
   */
  async addStream(link: PeerLink): Promise<void> {
    try {
      if (!this.#started) throw new BlackholeError('unavailable', 'The swarm is not started')
      checkWanted(link.peer, this.isBanned(link.peer), this.#greeting + this.#peers.size, this.#options.maxPeers)
    } catch (error) {
      link.stream.abort(error as Error)
      throw error
    }
    let peer: RemotePeer | undefined
    this.#greeting += 1
    try {
      peer = await admit(
        link,
        this.#components,
        this.#options,
        {
          onMessage: (message) => peer !== undefined && this.#onMessage(peer, message),
          onPiece: (piece) => peer !== undefined && this.#downloader.requests.onPiece(peer, piece),
          onPieceData: (data) => peer !== undefined && this.#downloader.requests.onPieceData(peer, data),
          onDrain: () => this.#uploader.run(),
          onFault: (error) => {
            this.#penalties.broke(link.peer, error)
          },
          onClose: (error) => this.#onClose(link.peer, peer, error),
        },
        this.#lifetime.signal,
      )
    } finally {
      this.#greeting -= 1
    }
    this.#join(peer)
  }

  /** Ends the stream to a peer. */
  removePeer(peer: string): void {
    void this.#peers.get(peer)?.session.close()
  }

  /**
   * Learns a version of the site: tells peers what we hold of it and asks them the same.
   *
   * @param root - CID of its root
   * @param pieces - CIDs of its pieces, in the order of `allPieces(manifest)`
   * @param sizes - their sizes in bytes, `pieceSizes(manifest)`: with them the first piece of a file
   *   comes before the next ones begin, without them each costs a round trip before its size is known
   */
  async addVersion(root: string, pieces: readonly string[], sizes?: readonly number[]): Promise<void> {
    await this.#versions.add(root, pieces, sizes)
    this.#downloader.schedule()
  }

  /** Forgets a version. Pieces that are under way go on. */
  removeVersion(root: string): void {
    this.#versions.remove(root)
  }

  /** Whether we hold a piece, as far as the swarm was told, without asking the store; undefined when no known version has it. */
  holds(cid: string): boolean | undefined {
    const piece = this.#versions.table.number(cid)
    return piece === undefined ? undefined : this.#versions.owns(piece)
  }

  /** A piece that was fetched and is not in the store yet. It may be shared: don't change it. */
  unstored(cid: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#writer.pending(cid)?.bytes
  }

  /** Connected peers that say they hold the piece; those of last resort too, unless told otherwise. */
  availability(cid: string, { lastResort = true }: Pick<FetchOptions, 'lastResort'> = {}): number {
    const { table, availability, visitors } = this.#versions
    const piece = table.number(cid)
    return piece === undefined ? 0 : (lastResort ? availability : visitors).count(piece)
  }

  /** Whether a connected peer that lacks the piece says that it is getting it from elsewhere. */
  isComing(cid: string): boolean {
    return this.#versions.coming.has(cid)
  }

  /** We are getting these pieces from elsewhere, or (over) are not after all: tells peers, who may wait for us. */
  fetching(cids: readonly string[], over: boolean): void {
    if (over || !this.#uploader.isPaused) this.#versions.coming.tell(cids, over)
  }

  /** How fast the piece would come from the visitors who hold it. */
  pace(cid: string): HolderPace {
    return holderPace(this.#peers.values(), this.#versions.table.number(cid), this.#downloader.line)
  }

  /**
   * Gets a block from peers, verified; joins a fetch of the same block that is under way. It is stored in the
   * background, and peers are told. Blocks of no known version are asked of one peer after the other.
   *
   * @throws {NotFoundError} at once when no connected peer can have it
   * @throws {CorruptBlockError} when all that had it sent bad bytes
   * @throws {DeadlineError} when nothing came for `fetchTimeoutMs`
   */
  async fetch(cid: string, options: FetchOptions = {}): Promise<FetchedPiece> {
    // What is in the table is known to be a CID in its usual form.
    const name = this.#versions.table.number(cid) === undefined ? parseCid(cid).toString() : cid
    return this.#writer.pending(name) ?? (await this.#downloader.fetch(name, options))
  }

  /** Downloads pieces of known versions in the background, rarest first, as peers come and go; resolves when all are held. */
  async prefetch(cids: readonly string[], options: PrefetchOptions = {}): Promise<void> {
    const { signal } = this.#lifetime
    const either = options.signal === undefined ? signal : AbortSignal.any([signal, options.signal])
    await this.#downloader.prefetch(cids, { ...options, signal: either })
  }

  /** These blocks came into the store another way: tells peers. */
  stored(cids: readonly string[]): Promise<void> {
    this.#held(cids)
    return Promise.resolve()
  }

  /** Stops serving peers (metered connection, low battery, opted out), or begins again. Downloads go on. */
  pauseUploads(paused: boolean): void {
    this.#uploader.pause(paused)
    this.#choking.round()
  }

  /** Serves peers at another rate from now on: less while the page is hidden. Throws ValidationError unless it is above 0. */
  setUploadRate(bytesPerSecond: number): void {
    this.#uploadCap.setRate(bytesPerSecond, this.#components.now())
  }

  #join(peer: RemotePeer): void {
    const now = this.#components.now()
    const old = this.#peers.get(peer.id)
    if (old !== undefined) {
      const loser = keepsOld(old, peer.direction, this.#options.self, now) ? peer : old
      loser.session.abort(new BlackholeError('conflict', 'There is another stream to this peer'))
      if (loser === peer) return
    }
    this.#peers.set(peer.id, peer)
    this.#versions.greet(peer)
    if (this.#uploader.isPaused) this.#choking.round()
    peer.session.open()
    this.safeDispatchEvent('peer:add', { detail: peerInfo(peer, now) })
    this.#downloader.schedule()
  }

  #onMessage(peer: RemotePeer, message: CdnMessage): void {
    if (message.hello !== undefined) throw new ValidationError('message', 'anything but a second hello')
    if (message.request !== undefined) this.#uploader.onRequest(peer, message.request)
    if (message.cancel !== undefined) this.#uploader.onCancel(peer, message.cancel.id)
    if (message.reject !== undefined) this.#downloader.requests.onReject(peer, message.reject)
    if (message.choke !== undefined) {
      peer.chokes = message.choke.choked
      peer.refusedAt = 0
      // It won't send what it owes, and says so.
      if (peer.chokes) peer.conduct.answered()
    }
    try {
      this.#versions.onMessage(peer, message)
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error
      this.#penalties.strike(peer.id, error.message)
    }
    this.#downloader.schedule()
    if (message.bitfield ?? message.have ?? message.coming ?? message.choke)
      this.safeDispatchEvent('peer:update', { detail: peerInfo(peer, this.#components.now()) })
  }

  #onClose(id: string, peer: RemotePeer | undefined, error: Error | undefined): void {
    this.#log?.trace('stream of peer %s ended - %e', id, error)
    if (error instanceof BlackholeError && (error.reason === 'invalid' || error.reason === 'limit'))
      this.#penalties.strike(id, error.message)
    if (peer === undefined || this.#peers.get(id) !== peer) return
    this.#peers.delete(id)
    peer.uploads.clear()
    this.#versions.forget(peer)
    this.#downloader.peerGone(peer)
    this.safeDispatchEvent('peer:remove', { detail: { peer: id } })
  }

  #deliver(cid: string, piece: FetchedPiece, background: boolean): boolean {
    const { bytes, peers } = piece
    this.#downloaded += bytes.byteLength
    const isKept = this.#writer.add(cid, piece)
    this.safeDispatchEvent('piece', { detail: { cid, bytes: bytes.byteLength, peers, background } })
    return isKept
  }

  #held(cids: readonly string[]): void {
    this.#versions.stored(cids)
    this.#downloader.held(cids)
  }

  #tick(): void {
    const tick = (): void => {
      this.#downloader.tick()
      this.#choking.tick()
      this.#writer.run()
      if (this.#started) this.#tick()
    }
    this.#cancelTick = setTimer(this.#components, tick, TICK_MS)
  }
}
