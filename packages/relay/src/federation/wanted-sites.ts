import type { Logger } from 'pino'
import { NotFoundError } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { supersedes } from '@blackhole/site'
import type { SiteRecord } from '@blackhole/site'
import type { RelayInit } from '../config.ts'
import type { PublishPolicy } from '../hosting/publish-policy.ts'
import {
  FELLOW_ANSWER_MS,
  FELLOW_REDIAL_MS,
  FELLOW_SITE_WAIT_MS,
  MAX_FELLOW_FAILURES,
  MAX_UNKNOWN_SITES,
  UNKNOWN_SITE_MS,
} from './limits.ts'
import type { SiteTable } from '../state/site-table.ts'
import type { Fellows } from './fellows.ts'
import type { HeardRecords } from './heard-records.ts'
import type { RecordGossip } from './record-gossip.ts'
import type { Replicator } from './replicator.ts'

/** What {@link WantedSites} works with. */
export interface WantedSitesComponents {
  sites: SiteTable
  policy: PublishPolicy
  fellows: Fellows
  heard: HeardRecords
  gossip: RecordGossip
  replicator: Replicator
  log: Logger
  now: () => number
  random: () => number
}

/** Decides which sites known to fellows this relay fetches. Others than those are only introduced elsewhere. */
export class WantedSites {
  readonly #components: WantedSitesComponents
  readonly #replicate: RelayInit['replicate']
  /** Sites that no fellow had, and until when that is believed. */
  readonly #unknown = new Map<SiteName, number>()
  readonly #finding = new Map<SiteName, Promise<SiteRecord | undefined>>()
  readonly #retries = new Map<SiteName, NodeJS.Timeout>()

  constructor(components: WantedSitesComponents, init: Pick<RelayInit, 'replicate'>) {
    this.#components = components
    this.#replicate = init.replicate
  }

  stop(): void {
    for (const timer of this.#retries.values()) clearTimeout(timer)
    this.#retries.clear()
  }

  /** A newer record was heard of. */
  heard(record: SiteRecord): void {
    this.#unknown.delete(record.name)
    const isHeld = this.#components.sites.get(record.name) !== undefined
    if (isHeld || this.#replicate === 'all') void this.#keep(record, 0)
  }

  /** Waits for a site that a visitor asks for. Bounded in time, and never throws. */
  async want(name: SiteName, address: string): Promise<void> {
    const { sites, fellows, policy, replicator, now, log } = this.#components
    if (this.#replicate === 'none' || sites.get(name) !== undefined || fellows.list().length === 0) return
    if ((this.#unknown.get(name) ?? 0) > now()) return
    try {
      const record = await this.#find(name)
      if (record === undefined) return
      policy.check(name, address)
      const { promise: late, resolve } = Promise.withResolvers<undefined>()
      const timer = setTimeout(() => {
        resolve(undefined)
      }, FELLOW_SITE_WAIT_MS)
      try {
        await Promise.race([replicator.fetch(record), late])
      } finally {
        clearTimeout(timer)
      }
    } catch (error) {
      if (error instanceof NotFoundError) this.#miss(name)
      log.info({ err: error, site: name }, 'a site was asked for and not fetched from fellow relays')
    }
  }

  #find(name: SiteName): Promise<SiteRecord | undefined> {
    const finding =
      this.#finding.get(name) ??
      this.#components.gossip
        .find(name, AbortSignal.timeout(FELLOW_ANSWER_MS))
        .then((record) => {
          if (record === undefined) this.#miss(name)
          return record
        })
        .finally(() => this.#finding.delete(name))
    this.#finding.set(name, finding)
    return finding
  }

  #miss(name: SiteName): void {
    this.#unknown.delete(name)
    this.#unknown.set(name, this.#components.now() + UNKNOWN_SITE_MS)
    const [oldest] = this.#unknown.keys()
    if (this.#unknown.size > MAX_UNKNOWN_SITES && oldest !== undefined) this.#unknown.delete(oldest)
  }

  /** Fetches a version; who told of it may still be fetching it, so again a few times. */
  async #keep(record: SiteRecord, attempt: number): Promise<void> {
    const { policy, replicator, heard, sites, random, log } = this.#components
    const { name } = record
    clearTimeout(this.#retries.get(name))
    this.#retries.delete(name)
    try {
      policy.check(name, 'fellows')
      await replicator.fetch(record)
    } catch (error) {
      const newest = heard.newest(name)?.record
      const isNews = newest !== undefined && supersedes(newest, record)
      log.debug({ err: error, site: name, attempt }, 'a version was not fetched from fellow relays')
      if (isNews || attempt >= MAX_FELLOW_FAILURES || sites.get(name)?.sequence === record.sequence) return
      const wait = FELLOW_REDIAL_MS * 2 ** attempt * (0.5 + random())
      const timer = setTimeout(() => void this.#keep(record, attempt + 1), wait)
      timer.unref()
      this.#retries.set(name, timer)
    }
  }
}
