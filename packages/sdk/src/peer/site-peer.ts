import type { ComponentLogger, Ed25519PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { CID } from 'multiformats/cid'
import { TypedEventEmitter } from 'main-event'
import { Swarm, type BannedPeer, type PieceStore } from '@blackhole/swarm'
import type { SiteState } from '@blackhole/site'
import { NotFoundError, RecordError, type SiteName, type Source, type VisitorReport } from '@blackhole/protocol'
import { freshIdentity } from '../keys/fresh-identity.ts'
import { isPrivateHost } from '../node/private-host.ts'
import type { RelayClient } from '../relay-client/relay-client.ts'
import { isAborted, sleep } from '../sleep.ts'
import type { ConnectionBudget } from './connection-budget.ts'
import { FellowMemory } from './fellow-memory.ts'
import { ManifestLoader } from './manifest-loader.ts'
import { peerSettings, type PeerSettings } from './peer-settings.ts'
import type { Standing } from './relay-session.ts'
import { RelaySessions } from './relay-sessions.ts'
import { Seeder } from './seeder.ts'
import { SiteBlocks } from './site-blocks.ts'
import { SiteVersions, type SiteVersionInUse } from './site-versions.ts'
import { VisitorDialler, type FinishedDial } from './visitor-dialler.ts'

/** What a peer needs. Stores must be open. */
export interface SitePeerComponents {
  readonly store: PieceStore
  readonly state: SiteState
  readonly relays: readonly RelayClient[]
  readonly now: () => number
  readonly random: () => number
  readonly logger?: ComponentLogger
  /** Connections that the tab may still make. Default: those of one page. */
  readonly budget?: ConnectionBudget | undefined
  /** Told of what goes wrong and is tried again by itself. */
  readonly onError?: (what: string, error: unknown) => void
}

/** Options of {@link SitePeer}. */
export interface SitePeerInit extends PeerSettings {
  readonly site: SiteName
  /** Loopback and private addresses may be dialled. Default: when a relay is at one. */
  readonly allowPrivate: boolean
}

/** Events of a {@link SitePeer}. */
export interface SitePeerEvents {
  /** Peers came or went. */
  peers: CustomEvent<number>
  /** Bytes of blocks were got, for this program or to hold for others. */
  received: CustomEvent<{ source: Source; bytes: number }>
  /** Bytes were given to others. */
  shared: CustomEvent<number>
  /** Another visitor was reached. */
  dial: CustomEvent<FinishedDial>
  /** A peer sent wrong bytes, or broke the protocol again and again: it is not talked to any more. */
  ban: CustomEvent<BannedPeer>
  /** A newer record was accepted. */
  record: CustomEvent<Uint8Array<ArrayBuffer>>
  /** The manifest of a newer version is here. */
  version: CustomEvent<SiteVersionInUse>
}

/** How often connections are tidied up and due dials are looked for. */
const MAINTENANCE_MS = 10_000

/**
 * The peer of one site, in a page or in Node: joins the site's swarm through
 * its relays, keeps connections to other visitors, follows its versions.
 */
export class SitePeer extends TypedEventEmitter<SitePeerEvents> {
  /** Our peer id. */
  readonly id: string
  readonly swarm: Swarm
  readonly blocks: SiteBlocks
  readonly versions: SiteVersions
  /**
   * Resolves once there is a connection to a visitor that holds pieces, or it is known that there is none:
   * a relay told so, or no relay can be reached.
   */
  readonly joined: Promise<void>
  readonly #components: SitePeerComponents
  readonly #init: SitePeerInit
  readonly #sessions: RelaySessions
  readonly #dialler: VisitorDialler
  readonly #loader: ManifestLoader
  readonly #seeder: Seeder
  readonly #controller = new AbortController()
  readonly #resolveJoined: () => void
  #tasks: Promise<unknown>[] = []

  /** Makes a peer with a fresh identity, so that visits can't be linked by it. */
  static async create(
    components: SitePeerComponents,
    init: Pick<SitePeerInit, 'site'> & Partial<SitePeerInit>,
  ): Promise<SitePeer> {
    return new SitePeer({ ...components, privateKey: await freshIdentity() }, init)
  }

  constructor(
    components: SitePeerComponents & { readonly privateKey: Ed25519PrivateKey },
    init: Pick<SitePeerInit, 'site'> & Partial<SitePeerInit>,
  ) {
    super()
    const { now, random, store, state, relays, privateKey } = components
    const { site } = init
    this.#components = components
    const allowPrivate = init.allowPrivate ?? relays.some(({ url }) => isPrivateHost(new URL(url).hostname))
    this.#init = { site, allowPrivate, ...peerSettings(init) }
    const onError = (what: string, error: unknown): void => {
      this.#components.onError?.(what, error)
    }
    this.#sessions = new RelaySessions(
      {
        relays,
        privateKey,
        now,
        random,
        logger: components.logger,
        memory: new FellowMemory({ state, now }, { site }),
        onError,
        swarm: () => this.swarm,
        standing: () => this.#standing(),
        onMeans: (means) => {
          this.#dialler.use(means)
        },
        onAnswer: (answer, relay) => {
          this.#dialler.offer(answer, relay)
          this.#step()
        },
        onUnreachable: () => {
          this.#step()
        },
        onRecord: (record) => {
          this.versions.offer(record).catch((error: unknown) => {
            if (!(error instanceof RecordError && error.reason === 'stale')) onError('a record', error)
          })
        },
      },
      this.#init,
    )
    this.id = peerIdFromPrivateKey(privateKey).toString()
    this.swarm = new Swarm(
      {
        store,
        now,
        random,
        verifyToken: async (token, peer) => {
          await this.#sessions.tokens.verify(token, peer)
        },
        token: async () => await this.#sessions.tokens.token({ signal: this.#controller.signal }),
        ...(components.logger === undefined ? {} : { logger: components.logger }),
      },
      {
        site,
        self: this.id,
        maxUploadBytesPerSecond: Math.max(1, this.#init.uploadBytesPerSecond),
        uploadSlots: Math.max(1, this.#init.uploadSlots),
      },
    )
    this.blocks = new SiteBlocks(
      {
        store,
        swarm: this.swarm,
        // One try each: what one relay lacks, the next one or a peer may have.
        http: relays.map((client) => ({
          block: async (cid, { signal }) => {
            if (await this.#sessions.isSilent(client, { signal })) throw new NotFoundError(`Block ${cid}`)
            return await client.block(cid, { signal, attempts: 1 })
          },
        })),
        onBytes: (source, bytes) => {
          this.safeDispatchEvent('received', { detail: { source, bytes } })
        },
      },
      { site },
    )
    this.versions = new SiteVersions({ state, blocks: this.blocks, swarm: this.swarm, store, now, onError }, { site })
    this.#loader = new ManifestLoader({ versions: this.versions, onError })
    const onHeld = (): void => {
      this.#sessions.announceSoon()
    }
    this.#seeder = new Seeder(
      { blocks: this.blocks, swarm: this.swarm, store, now, random, onError, onHeld },
      { all: this.#init.seed === 'all' },
    )
    const onDialled = (detail: FinishedDial): void => {
      this.safeDispatchEvent('dial', { detail })
    }
    const onSettled = (): void => {
      this.#step()
    }
    this.#dialler = new VisitorDialler(
      { swarm: this.swarm, now, random, onError, onDialled, onSettled, budget: components.budget },
      {
        maxPeers: this.#init.relayOnly ? 0 : this.#init.maxPeers,
      },
    )
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.joined = promise
    this.#resolveJoined = () => {
      resolve(undefined)
    }
    this.#listen()
  }

  /** Other visitors that pieces are exchanged with now; relays are not counted. */
  get peers(): number {
    return this.swarm.peers.filter(({ lastResort }) => !lastResort).length
  }

  /** None of the site's own relays can be reached, and another of their federation is there in their place. */
  get hasStandIn(): boolean {
    return this.#sessions.unreachable && this.swarm.peers.some(({ lastResort }) => lastResort)
  }

  /** Begins to join. Relays that are down are tried again for as long as the peer runs. */
  start(): void {
    this.swarm.start()
    this.setUploads(1)
    const { signal } = this.#controller
    this.#tasks = [this.#loader.run(signal), this.#sessions.join(signal), this.#maintain(signal)]
  }

  /** Leaves the swarm. It can't be started again. */
  async stop(): Promise<void> {
    this.#controller.abort()
    await Promise.allSettled(this.#tasks)
    await this.versions.close()
    await this.swarm.stop()
    await this.#sessions.stop()
  }

  /**
   * Gives bytes to others at a part of the set limit from now on; fetching goes on.
   *
   * @param rate - 0 (none) to 1
   */
  setUploads(rate: number): void {
    const { uploadBytesPerSecond, uploadSlots } = this.#init
    const bytesPerSecond = rate * uploadBytesPerSecond
    const paused = bytesPerSecond < 1 || uploadSlots === 0
    if (!paused) this.swarm.setUploadRate(bytesPerSecond)
    this.swarm.pauseUploads(paused)
  }

  /** Tells the operator of a relay where bytes came from. @throws what kept it from being sent */
  async report(report: VisitorReport, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    await this.#sessions.report(report, options)
  }

  /** Blocks came into the store another way: tells peers, and trackers when it matters. */
  async stored(cids: readonly string[]): Promise<void> {
    await this.swarm.stored(cids)
    await this.#seeder.count()
  }

  #listen(): void {
    const changed = (): void => {
      this.safeDispatchEvent('peers', { detail: this.peers })
      this.#loader.wake()
      this.#step()
    }
    this.swarm.addEventListener('peer:add', ({ detail }) => {
      if (detail.direction === 'inbound' && !detail.lastResort) this.#dialler.accepted()
      changed()
    })
    this.swarm.addEventListener('peer:remove', () => {
      changed()
      // Those whom a tracker named a while ago may have left too.
      if (this.#dialler.wanted > 0) this.#sessions.announceSoon()
    })
    this.swarm.addEventListener('peer:ban', ({ detail }) => {
      this.safeDispatchEvent('ban', { detail })
    })
    this.swarm.addEventListener('piece', ({ detail: { bytes, background } }) => {
      // What is waited for is counted by who uses it.
      if (background) this.safeDispatchEvent('received', { detail: { source: 'peers', bytes } })
    })
    this.swarm.addEventListener('upload', ({ detail }) => {
      this.safeDispatchEvent('shared', { detail: detail.bytes })
    })
    this.versions.addEventListener('record', ({ detail }) => {
      this.safeDispatchEvent('record', { detail: detail.bytes })
      this.#loader.wake()
    })
    this.versions.addEventListener('version', ({ detail }) => {
      this.safeDispatchEvent('version', { detail })
      this.#sessions.announceSoon()
      this.#seeder.seed(detail, this.joined, this.#controller.signal).catch((error: unknown) => {
        this.#components.onError?.('the pieces to hold', error)
      })
    })
  }

  #standing(): Standing {
    const current = this.versions.current
    const want = this.#dialler.wanted
    if (current === undefined) return { root: new Uint8Array(0), have: 0, total: 0, want }
    return { root: CID.parse(current.record.root).bytes, have: this.#seeder.held, total: current.pieces.length, want }
  }

  /** Something has changed: dial who is due, and see whether the swarm is joined. */
  #step(): void {
    this.#dialler.dialMore(this.#controller.signal)
    const holds = this.swarm.peers.some(({ lastResort, pieces }) => !lastResort && pieces > 0)
    const { announced, unreachable } = this.#sessions
    if (holds || ((announced || unreachable) && this.#dialler.isExhausted)) this.#resolveJoined()
  }

  async #maintain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(MAINTENANCE_MS, { signal }).catch(() => undefined)
      if (isAborted(signal)) return
      try {
        await this.#sessions.prune()
        await this.#seeder.count()
        this.#dialler.replaceWorst()
      } catch (error) {
        this.#components.onError?.('the upkeep', error)
      }
      this.#step()
    }
  }
}
