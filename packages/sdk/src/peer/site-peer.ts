import { generateKeyPair } from '@libp2p/crypto/keys'
import type { ComponentLogger, Ed25519PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { CID } from 'multiformats/cid'
import { TypedEventEmitter } from 'main-event'
import { Swarm, type PieceStore } from '@blackhole/swarm'
import type { SiteState } from '@blackhole/site'
import { NotFoundError, RecordError, type RelayInfo, type SiteName, type Source } from '@blackhole/protocol'
import { createPeerNode, type PeerNode } from '../node/create-libp2p.ts'
import { isPrivateHost } from '../node/private-host.ts'
import type { RelayClient } from '../relay-client/relay-client.ts'
import { isAborted, sleep } from '../sleep.ts'
import { ManifestLoader } from './manifest-loader.ts'
import { peerSettings, type PeerSettings } from './peer-settings.ts'
import { RelayLink } from './relay-link.ts'
import { RelaySession, type Standing } from './relay-session.ts'
import { Seeder } from './seeder.ts'
import { SiteBlocks } from './site-blocks.ts'
import { SiteVersions, type SiteVersionInUse } from './site-versions.ts'
import { SwarmLinks } from './swarm-links.ts'
import { SwarmTokens, type TokenIssuer } from './swarm-tokens.ts'
import { VisitorDialler } from './visitor-dialler.ts'

/** What a peer needs. Stores must be open. */
export interface SitePeerComponents {
  readonly store: PieceStore
  readonly state: SiteState
  readonly relays: readonly RelayClient[]
  readonly now: () => number
  readonly random: () => number
  readonly logger?: ComponentLogger
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
  /** A newer record was accepted. */
  record: CustomEvent<Uint8Array<ArrayBuffer>>
  /** The manifest of a newer version is here. */
  version: CustomEvent<SiteVersionInUse>
}

/** A relay that is down is asked again after this, doubled each time up to the most. */
const RELAY_BACKOFF_MS = 1_000
const MAX_RELAY_BACKOFF_MS = 60_000

/** How often connections are tidied up and due dials are looked for. */
const MAINTENANCE_MS = 10_000

/**
 * The peer of one site, in a page or in Node: joins the site's swarm through
 * its relays, keeps connections to other visitors, follows its versions.
 */
export class SitePeer extends TypedEventEmitter<SitePeerEvents> {
  readonly swarm: Swarm
  readonly blocks: SiteBlocks
  readonly versions: SiteVersions
  /** Resolves once there is a connection to a visitor that holds pieces, or it is known that there is none. */
  readonly joined: Promise<void>
  readonly #components: SitePeerComponents
  readonly #init: SitePeerInit
  readonly #privateKey: Ed25519PrivateKey
  readonly #infos: RelayInfo[] = []
  /** Relays that only introduce: asking them for blocks would show as failed requests in the visitor's console. */
  readonly #silent = new Set<RelayClient>()
  readonly #issuers: TokenIssuer[] = []
  readonly #sessions: RelaySession[] = []
  readonly #tokens: SwarmTokens
  readonly #dialler: VisitorDialler
  readonly #loader: ManifestLoader
  readonly #seeder: Seeder
  readonly #controller = new AbortController()
  readonly #resolveJoined: () => void
  #node: Promise<{ node: PeerNode; links: SwarmLinks }> | undefined
  #tasks: Promise<unknown>[] = []

  /** Makes a peer with a fresh identity, so that visits can't be linked by it. */
  static async create(
    components: SitePeerComponents,
    init: Pick<SitePeerInit, 'site'> & Partial<SitePeerInit>,
  ): Promise<SitePeer> {
    return new SitePeer({ ...components, privateKey: await generateKeyPair('Ed25519') }, init)
  }

  constructor(
    components: SitePeerComponents & { readonly privateKey: Ed25519PrivateKey },
    init: Pick<SitePeerInit, 'site'> & Partial<SitePeerInit>,
  ) {
    super()
    const { now, random, store, state, relays, privateKey } = components
    const { site } = init
    this.#components = components
    this.#privateKey = privateKey
    const allowPrivate = init.allowPrivate ?? relays.some(({ url }) => isPrivateHost(new URL(url).hostname))
    this.#init = { site, allowPrivate, ...peerSettings(init) }
    const onError = (what: string, error: unknown): void => {
      this.#components.onError?.(what, error)
    }
    this.#tokens = new SwarmTokens({ now, issuers: () => this.#issuers }, { site })
    this.swarm = new Swarm(
      {
        store,
        now,
        random,
        verifyToken: async (token, peer) => {
          await this.#tokens.verify(token, peer)
        },
        token: async () => await this.#tokens.token({ signal: this.#controller.signal }),
        ...(components.logger === undefined ? {} : { logger: components.logger }),
      },
      {
        site,
        self: peerIdFromPrivateKey(privateKey).toString(),
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
            if (this.#silent.has(client)) throw new NotFoundError(`Block ${cid}`)
            return await client.block(cid, { signal, attempts: 1 })
          },
        })),
        onBytes: (source, bytes) => {
          this.safeDispatchEvent('received', { detail: { source, bytes } })
        },
      },
      { site },
    )
    this.versions = new SiteVersions({ state, blocks: this.blocks, swarm: this.swarm, now, onError }, { site })
    this.#loader = new ManifestLoader({ versions: this.versions, onError })
    const onHeld = (): void => {
      this.#announceSoon()
    }
    this.#seeder = new Seeder(
      { blocks: this.blocks, store, random, onError, onHeld },
      { all: this.#init.seed === 'all' },
    )
    const onSettled = (): void => {
      this.#step()
    }
    this.#dialler = new VisitorDialler(
      { swarm: this.swarm, now, random, onError, onSettled },
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

  /** Begins to join. Relays that are down are tried again for as long as the peer runs. */
  start(): void {
    this.swarm.start()
    this.setUploads(1)
    const { signal } = this.#controller
    this.#tasks = [
      this.#loader.run(signal),
      ...this.#components.relays.map((client) => this.#join(client, signal)),
      this.#maintain(signal),
    ]
  }

  /** Leaves the swarm. It can't be started again. */
  async stop(): Promise<void> {
    this.#controller.abort()
    await Promise.all(this.#sessions.map((session) => session.stop()))
    await Promise.allSettled(this.#tasks)
    const running = await this.#node?.catch(() => undefined)
    await running?.links.stop()
    await this.swarm.stop()
    await running?.node.stop()
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
    this.swarm.addEventListener('peer:add', changed)
    this.swarm.addEventListener('peer:remove', changed)
    this.swarm.addEventListener('upload', ({ detail }) => {
      this.safeDispatchEvent('shared', { detail: detail.bytes })
    })
    this.versions.addEventListener('record', ({ detail }) => {
      this.safeDispatchEvent('record', { detail: detail.bytes })
      this.#loader.wake()
    })
    this.versions.addEventListener('version', ({ detail }) => {
      this.safeDispatchEvent('version', { detail })
      this.#announceSoon()
      this.#seeder.seed(detail, this.joined, this.#controller.signal).catch((error: unknown) => {
        this.#components.onError?.('the pieces to hold', error)
      })
    })
  }

  /** Asks a relay who it is until it answers, and joins the swarm there. */
  async #join(client: RelayClient, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        // Side by side: neither needs the other, and the visitor waits for both.
        const [info, { node, links }] = await Promise.all([client.info({ signal, attempts: 1 }), this.#running()])
        this.#infos.push(info)
        if (!info.serving) this.#silent.add(client)
        signal.throwIfAborted()
        const peer = node.peerId.toString()
        this.#issuers.push({
          peerId: info.peerId,
          request: (options) => client.swarmToken(this.#init.site, peer, options),
        })
        // On its way while the relay is being connected; whoever needs it reports a failure.
        this.#tokens.token({ relay: info.peerId, signal }).catch(() => undefined)
        this.#addSession(node, links, info)
        return
      } catch (error) {
        if (isAborted(signal)) return
        this.#components.onError?.(`the relay ${client.url}`, error)
        const wait = Math.min(RELAY_BACKOFF_MS * 2 ** failures, MAX_RELAY_BACKOFF_MS)
        await sleep(wait * (0.5 + this.#components.random()), { signal }).catch(() => undefined)
      }
    }
  }

  /** The libp2p node, made once. */
  #running(): Promise<{ node: PeerNode; links: SwarmLinks }> {
    this.#node ??= (async () => {
      const { allowPrivate, relayOnly, maxPeers } = this.#init
      const { logger, now } = this.#components
      const node = await createPeerNode({
        privateKey: this.#privateKey,
        relays: () => this.#infos,
        allowPrivate,
        relayOnly,
        maxPeers,
        ...(logger === undefined ? {} : { logger }),
      })
      const links = new SwarmLinks(
        { node, swarm: this.swarm, now },
        {
          maxPeers: relayOnly ? 0 : maxPeers,
          isRelay: (peer) => this.#infos.some(({ peerId }) => peerId === peer),
        },
      )
      await links.start()
      this.#dialler.use({ node, links, relays: () => this.#sessions.map(({ link }) => link) })
      return { node, links }
    })()
    return this.#node
  }

  #addSession(node: PeerNode, links: SwarmLinks, info: RelayInfo): void {
    const { random } = this.#components
    const link = new RelayLink({ node, random }, { info, reserve: !this.#init.relayOnly })
    const session = new RelaySession(
      {
        link,
        links,
        tokens: this.#tokens,
        random,
        standing: () => this.#standing(),
        onError: (what, error) => {
          this.#components.onError?.(what, error)
        },
      },
      { site: this.#init.site },
    )
    session.addEventListener('answer', ({ detail }) => {
      this.#dialler.offer(detail.peers)
      this.#step()
    })
    session.addEventListener('record', ({ detail }) => {
      this.versions.offer(detail).catch((error: unknown) => {
        if (!(error instanceof RecordError && error.reason === 'stale')) this.#components.onError?.('a record', error)
      })
    })
    this.#sessions.push(session)
    session.start()
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
    const answered = this.#sessions.some(({ announced }) => announced)
    if (holds || (answered && this.#dialler.isExhausted)) this.#resolveJoined()
  }

  #announceSoon(): void {
    for (const session of this.#sessions) session.announceSoon()
  }

  async #maintain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(MAINTENANCE_MS, { signal }).catch(() => undefined)
      if (isAborted(signal)) return
      try {
        await (await this.#node)?.links.prune()
        await this.#seeder.count()
      } catch (error) {
        this.#components.onError?.('the upkeep', error)
      }
      this.#step()
    }
  }
}
