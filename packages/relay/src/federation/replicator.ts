import { BlackholeError, CDN_PROTOCOL, NotFoundError, parseCid } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import type { SiteRecord } from '@blackhole/site'
import { loadManifest, supersedes } from '@blackhole/site'
import { Swarm } from '@blackhole/swarm'
import type { Logger } from 'pino'
import type { BlockVault } from '../content/block-vault.ts'
import type { ContentSwitch } from '../content/content-switch.ts'
import { walk } from '../content/walk.ts'
import { VaultPieceStore } from '../last-resort/vault-piece-store.ts'
import type { Publisher } from '../hosting/publisher.ts'
import {
  FELLOW_ANSWER_MS,
  FELLOW_BLOCKS_AT_ONCE,
  FELLOW_SITE_MS,
  MAX_ASKED_FELLOWS,
  MAX_SITE_FETCHES,
} from './limits.ts'
import type { RelayNode } from '../net/node.ts'
import type { SwarmTokens } from '../tokens.ts'
import type { Fellows } from './fellows.ts'
import type { HeardRecords } from './heard-records.ts'

/** What {@link Replicator} works with. */
export interface ReplicatorComponents {
  node: RelayNode
  fellows: Fellows
  heard: HeardRecords
  vault: BlockVault
  contentSwitch: ContentSwitch
  publisher: Publisher
  tokens: SwarmTokens
  log: Logger
  now: () => number
  random: () => number
}

/**
 * Fetches versions of sites from fellows over `/blackhole/cdn/1.0.0`, as any
 * peer does: every block is checked against its CID, so a fellow is trusted for
 * nothing. When all of a version is here it becomes the newest in one step, by
 * way of the publisher.
 */
export class Replicator {
  readonly #components: ReplicatorComponents
  readonly #fetching = new Map<SiteName, Promise<void>>()
  readonly #stopped = new AbortController()

  constructor(components: ReplicatorComponents) {
    this.#components = components
  }

  /** Sites being fetched now. */
  get fetching(): number {
    return this.#fetching.size
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.allSettled(this.#fetching.values())
  }

  /**
   * Fetches the version of a record, or joins the fetch of the site that is under way.
   *
   * @throws {BlackholeError} `limit` when too many sites are being fetched, `full` when there is no room
   * @throws {NotFoundError} when no fellow has all of it
   */
  fetch(record: SiteRecord): Promise<void> {
    const existing = this.#fetching.get(record.name)
    if (existing !== undefined) return existing
    if (this.#fetching.size >= MAX_SITE_FETCHES)
      return Promise.reject(
        new BlackholeError('limit', `At most ${String(MAX_SITE_FETCHES)} sites are fetched from fellows at once`),
      )
    const fetching = this.#fetch(record).finally(() => {
      this.#fetching.delete(record.name)
      this.#goOn(record)
    })
    fetching.catch(() => undefined)
    this.#fetching.set(record.name, fetching)
    return fetching
  }

  /** A still newer version was heard of meanwhile. */
  #goOn(record: SiteRecord): void {
    const newest = this.#components.heard.newest(record.name)?.record
    if (newest === undefined || this.#stopped.signal.aborted || !supersedes(newest, record)) return
    this.fetch(newest).catch((error: unknown) => {
      this.#components.log.warn({ err: error, site: record.name }, 'a newer version was not fetched')
    })
  }

  async #fetch(record: SiteRecord): Promise<void> {
    const { publisher, log } = this.#components
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(FELLOW_SITE_MS)])
    const swarm = this.#swarmOf(record.name)
    swarm.start()
    try {
      await this.#connect(swarm, record.name)
      await this.#fetchBlocks(swarm, record, signal)
      await publisher.publish(record.name, record.bytes, { signal })
      log.info({ site: record.name, root: record.root, version: record.sequence }, 'fetched from fellow relays')
    } finally {
      await swarm.stop()
    }
  }

  #swarmOf(site: SiteName): Swarm {
    const { vault, contentSwitch, tokens, node, now, random } = this.#components
    const self = node.peerId.toString()
    return new Swarm(
      {
        store: new VaultPieceStore({ vault, contentSwitch }),
        now: () => now(),
        random: () => random(),
        verifyToken: async (token, peer) => {
          await tokens.verify(token, site, peer)
        },
        token: async () => (await tokens.issue(site, self)).token,
      },
      { site, self, lastResort: true },
    )
  }

  async #connect(swarm: Swarm, site: SiteName): Promise<void> {
    const { fellows, log } = this.#components
    const linked = await Promise.allSettled(
      fellows
        .list()
        .slice(0, MAX_ASKED_FELLOWS)
        .map(async ({ peer, connection }) => {
          const stream = await connection.newStream(CDN_PROTOCOL, { signal: AbortSignal.timeout(FELLOW_ANSWER_MS) })
          try {
            // One that doesn't hold the site ends the stream.
            await swarm.addStream({ peer, stream, direction: 'outbound', lastResort: true })
          } catch (error) {
            stream.abort(error instanceof Error ? error : new Error(String(error)))
            throw error
          }
        }),
    )
    if (linked.some(({ status }) => status === 'fulfilled')) return
    log.debug({ site, asked: linked.length }, 'no fellow relay serves the site')
    throw new NotFoundError(`The site ${site}`)
  }

  /** Nodes first, since they tell what there is; then all leaves that are missing. */
  async #fetchBlocks(swarm: Swarm, record: SiteRecord, signal: AbortSignal): Promise<void> {
    const { vault } = this.#components
    const fetchBlock = async (text: string): Promise<Uint8Array<ArrayBuffer>> => {
      const { bytes, peers } = await swarm.fetch(text, { signal, lastResort: true })
      const cid = parseCid(text)
      await vault.checkRoom(record.name, bytes.byteLength)
      await vault.write(cid, bytes, peers.join(', '))
      vault.commit([{ cid, size: bytes.byteLength }], record.name)
      return bytes
    }
    const { manifest } = await loadManifest(
      parseCid(record.root),
      async (cid) => (await vault.get(cid)) ?? (await fetchBlock(cid.toString())),
    )
    // Before anything large comes. What other versions share is counted twice; a site near its quota is refused early.
    const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.size, 0)
    await vault.checkRoom(record.name, Math.max(0, bytes - vault.used(record.name)))
    for (;;) {
      const { missing } = await walk(parseCid(record.root), vault, { signal })
      if (missing.length === 0) return
      const left = missing.map(String)
      const worker = async (): Promise<void> => {
        for (let cid = left.pop(); cid !== undefined; cid = left.pop()) await fetchBlock(cid)
      }
      await Promise.all(Array.from({ length: Math.min(left.length, FELLOW_BLOCKS_AT_ONCE) }, worker))
    }
  }
}
