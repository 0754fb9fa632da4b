import type { ComponentLogger, Ed25519PrivateKey } from '@libp2p/interface'
import type { Swarm } from '@blackhole/swarm'
import { BlackholeError, type FellowInfo, type RelayInfo, type SiteName, type VisitorReport } from '@blackhole/protocol'
import { mayBeRelay } from '../node/dial-gater.ts'
import { createPeerNode, type PeerNode } from '../node/create-libp2p.ts'
import { RelayClient } from '../relay-client/relay-client.ts'
import { isAborted, sleep } from '../sleep.ts'
import type { FellowMemory } from './fellow-memory.ts'
import { FellowRelays } from './fellow-relays.ts'
import { RelayLink } from './relay-link.ts'
import { RelaySession, type Standing } from './relay-session.ts'
import { RelaySilence } from './relay-silence.ts'
import { SwarmLinks } from './swarm-links.ts'
import { SwarmTokens, type TokenIssuer } from './swarm-tokens.ts'
import type { DialMeans } from './visitor-dialler.ts'
import { readIntroduction, type TrackerAnswer } from './tracker-client.ts'

/** What the sessions need. */
export interface RelaySessionsComponents {
  readonly relays: readonly RelayClient[]
  /** Identity of the peer. */
  readonly privateKey: Ed25519PrivateKey
  readonly swarm: () => Swarm
  readonly now: () => number
  readonly random: () => number
  readonly logger?: ComponentLogger | undefined
  /** Keeps the relays' fellows for later visits. Default: they are known to this one. */
  readonly memory?: Pick<FellowMemory, 'read' | 'write'> | undefined
  /** What to announce now. */
  readonly standing: () => Standing
  /** The first relay has answered, so that visitors can be dialled. */
  readonly onMeans: (means: DialMeans) => void
  readonly onAnswer: (answer: TrackerAnswer, relay: string) => void
  /** A relay sent a record, not yet checked. */
  readonly onRecord: (record: Uint8Array<ArrayBuffer>) => void
  /** Every relay was tried, and none could be reached: there is nobody to ask for visitors. */
  readonly onUnreachable: () => void
  readonly onError: (what: string, error: unknown) => void
}

/** Options of {@link RelaySessions}. */
export interface RelaySessionsInit {
  readonly site: SiteName
  readonly allowPrivate: boolean
  readonly relayOnly: boolean
  readonly maxPeers: number
}

/** A relay that is down is asked again after this, doubled each time up to the most. */
const BACKOFF_MS = 1_000
const MAX_BACKOFF_MS = 60_000

/** Fellow relays that stand in for the site's own when none of these can be reached: one, and one more should it be down too. */
const MAX_STAND_INS = 2

/** All that a peer has to do with the relays of its site; the libp2p node is made while they are asked who they are. */
export class RelaySessions {
  /** Tokens of these relays. */
  readonly tokens: SwarmTokens
  readonly #components: RelaySessionsComponents
  readonly #init: RelaySessionsInit
  /** What the relays that answered last said of themselves. */
  readonly #infos = new Map<RelayClient, RelayInfo>()
  readonly #silence: RelaySilence
  /** Relays that could not be reached when they were tried last. */
  readonly #unreached = new Set<RelayClient>()
  readonly #issuers: TokenIssuer[] = []
  readonly #sessions: RelaySession[] = []
  readonly #fellows: FellowRelays
  /** Peer ids of fellow relays that stand in for the site's own. */
  readonly #standIns = new Set<string>()
  /** Fellows that were named at an earlier visit. */
  #remembered: readonly FellowInfo[] = []
  #joining: AbortSignal | undefined
  #running: Promise<{ node: PeerNode; links: SwarmLinks }> | undefined

  constructor(components: RelaySessionsComponents, init: RelaySessionsInit) {
    this.#components = components
    this.#init = init
    this.#silence = new RelaySilence(components)
    this.#fellows = new FellowRelays({
      infos: () => [...this.#infos.values()],
      remembered: () => (this.#hasAnswer ? [] : this.#remembered),
      ask: () => this.#askAgain(),
      now: components.now,
    })
    this.tokens = new SwarmTokens(
      {
        now: components.now,
        issuers: () => this.#issuers,
        isVouched: (relay) => this.#fellows.isVouched(relay),
      },
      init,
    )
  }

  /** Any relay answered an announce since it was last connected. */
  get announced(): boolean {
    return this.#sessions.some(({ announced }) => announced)
  }

  /** One of the site's own relays has said who it is, and who its fellows are. */
  get #hasAnswer(): boolean {
    return this.#components.relays.some((client) => this.#infos.has(client))
  }

  /** Every relay was tried, and none can be reached now. */
  get unreachable(): boolean {
    return this.#components.relays.every((client) => this.#unreached.has(client))
  }

  /** Whether a relay said that it only introduces: there is no need to ask it for blocks. */
  async isSilent(client: RelayClient, options: { signal?: AbortSignal | undefined } = {}): Promise<boolean> {
    return await this.#silence.isSilent(client, options)
  }

  /** Joins the swarm at every relay that answers, until the signal is aborted. */
  async join(signal: AbortSignal): Promise<void> {
    this.#joining = signal
    const remembering = this.#recall(signal)
    await Promise.all(this.#components.relays.map((client) => this.#join(client, signal)))
    await remembering
  }

  /** Announces soon, since what this peer holds or wants has changed. */
  announceSoon(): void {
    for (const session of this.#sessions) session.announceSoon()
  }

  /**
   * Sends a report to the first relay that answered.
   *
   * @throws {BlackholeError} `unavailable` while none has; what the relay refused it with
   */
  async report(report: VisitorReport, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    for (const [client, { peerId }] of this.#infos) {
      const token = await this.tokens.token({ relay: peerId, ...options })
      await client.report(this.#init.site, report, token, options)
      return
    }
    throw new BlackholeError('unavailable', 'No relay has answered yet')
  }

  /** Closes connections that are of no more use. */
  async prune(): Promise<void> {
    const running = await this.#running?.catch(() => undefined)
    await running?.links.prune()
    if (running !== undefined) await this.#fellows.prune(running.node)
  }

  /** Tells the relays that this peer leaves, and closes all connections. The signal of {@link join} must be aborted. */
  async stop(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.stop()))
    const running = await this.#running?.catch(() => undefined)
    await running?.links.stop()
    await running?.node.stop()
  }

  /** Asks those relays that answered before who they are, and who their fellows are. */
  async #askAgain(): Promise<void> {
    await Promise.allSettled(
      this.#components.relays.map(async (client) => {
        if (this.#infos.has(client)) this.#infos.set(client, await client.info({ attempts: 1 }))
      }),
    )
    this.#remember()
  }

  /** Reads whom the relays named at an earlier visit: nobody waits for it but who found them all down. */
  async #recall(signal: AbortSignal): Promise<void> {
    this.#remembered = (await this.#components.memory?.read()) ?? []
    if (this.unreachable && !signal.aborted) this.#joinFellows(signal)
  }

  /** For a visit at which none of the site's relays answers. Those that stand in now vouch for nobody later. */
  #remember(): void {
    if (!this.#hasAnswer) return
    const named = this.#components.relays.flatMap((client) => this.#infos.get(client)?.fellows ?? [])
    const fellows = [...new Map(named.map((fellow) => [fellow.peerId, fellow])).values()]
    void this.#components.memory?.write(fellows)
  }

  /** None of the site's own relays can be reached: goes on with others that they vouched for. */
  #joinFellows(signal: AbortSignal): void {
    for (const { peerId, url } of this.#fellows.list().slice(0, MAX_STAND_INS - this.#standIns.size)) {
      if (this.#standIns.has(peerId)) continue
      this.#standIns.add(peerId)
      void this.#join(new RelayClient({ random: this.#components.random }, { url }), signal, peerId)
    }
  }

  /**
   * Asks a relay who it is until it answers, and begins a session with it.
   *
   * @param expected - peer id that it must have
   */
  async #join(client: RelayClient, signal: AbortSignal, expected?: string): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      // Made while the relay says who it is.
      const made = this.#node()
      made.catch(() => undefined)
      try {
        const info = await this.#silence.ask(client, signal)
        if (expected !== undefined && info.peerId !== expected)
          throw new BlackholeError('forbidden', `${client.url} is not the relay ${expected}`)
        this.#infos.set(client, info)
        if (expected === undefined) this.#remember()
        const { node, links } = await made
        signal.throwIfAborted()
        const peer = node.peerId.toString()
        const session = this.#begin(client, node, links, info)
        const request: TokenIssuer['request'] = async (options) => {
          const want = session.announced ? 0 : this.#components.standing().want
          const { swarm, ...token } = await client.swarmToken(this.#init.site, peer, { ...options, want })
          if (swarm !== undefined) this.#introduce(session, swarm)
          return token
        }
        const issuer = { peerId: info.peerId, request }
        // Who comes to a relay that stands in knows that one's tokens, and may no longer know those of the one that is gone.
        if (expected === undefined) this.#issuers.push(issuer)
        else this.#issuers.unshift(issuer)
        // On its way while the relay is being connected; whoever needs it reports a failure.
        this.tokens.token({ relay: info.peerId, signal }).catch(() => undefined)
        session.start()
        return
      } catch (error) {
        if (isAborted(signal)) return
        this.#missed(client, error)
        const wait = Math.min(BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS)
        await sleep(wait * (0.5 + this.#components.random()), { signal }).catch(() => undefined)
      }
    }
  }

  /** The node, made at most once; after a failure it is made anew when it is needed next. */
  async #node(): Promise<{ node: PeerNode; links: SwarmLinks }> {
    const running = (this.#running ??= this.#start())
    try {
      return await running
    } catch (error) {
      if (this.#running === running) this.#running = undefined
      throw error
    }
  }

  async #start(): Promise<{ node: PeerNode; links: SwarmLinks }> {
    const { allowPrivate, relayOnly, maxPeers } = this.#init
    const { logger, now, privateKey, swarm, onMeans } = this.#components
    const relays = (): RelayInfo[] => [...this.#infos.values()]
    const node = await createPeerNode({
      privateKey,
      relays,
      allowPrivate,
      relayOnly,
      maxPeers,
      isFellow: (peer, address) =>
        this.#fellows.list().some(({ peerId, addresses }) => peerId === peer && addresses.includes(address)) &&
        mayBeRelay(address, peer),
      ...(logger === undefined ? {} : { logger }),
    })
    try {
      const links = new SwarmLinks(
        { node, swarm: swarm(), now },
        {
          maxPeers: relayOnly ? 0 : maxPeers,
          isRelay: (peer) => relays().some(({ peerId }) => peerId === peer),
        },
      )
      await links.start()
      onMeans({ node, links, relays: () => this.#sessions.map(({ link }) => link), fellows: this.#fellows })
      return { node, links }
    } catch (error) {
      await node.stop()
      throw error
    }
  }

  #missed(client: RelayClient, error: unknown): void {
    this.#components.onError(`the relay ${client.url}`, error)
    this.#unreached.add(client)
    if (!this.unreachable) return
    if (this.#joining !== undefined && !this.#joining.aborted) this.#joinFellows(this.#joining)
    this.#components.onUnreachable()
  }

  /** A relay that names peers wrongly still gave a token. */
  #introduce(session: RelaySession, swarm: string): void {
    try {
      session.introduce(readIntroduction(swarm))
    } catch (error) {
      this.#components.onError('the peers that came with a token', error)
    }
  }

  #begin(client: RelayClient, node: PeerNode, links: SwarmLinks, info: RelayInfo): RelaySession {
    const { random, standing, onAnswer, onRecord, onError } = this.#components
    const link = new RelayLink({ node, random }, { info, reserve: !this.#init.relayOnly })
    link.addEventListener('up', () => {
      this.#unreached.delete(client)
    })
    link.addEventListener('failed', ({ detail }) => {
      this.#missed(client, detail)
    })
    const session = new RelaySession({ link, links, tokens: this.tokens, random, standing, onError }, this.#init)
    session.addEventListener('answer', ({ detail }) => {
      onAnswer(detail, info.peerId)
    })
    session.addEventListener('record', ({ detail }) => {
      onRecord(detail)
    })
    this.#sessions.push(session)
    return session
  }
}
