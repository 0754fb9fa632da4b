import type { SiteName } from '@blackhole/protocol'
import { supersedes } from '@blackhole/site'
import type { SiteRecord } from '@blackhole/site'
import type { SiteTable } from '../state/site-table.ts'

/** What {@link HeardRecords} works with. */
export interface HeardRecordsComponents {
  sites: Pick<SiteTable, 'get'>
  now: () => number
}

/** A record, and since when it is known. */
export interface HeardRecord {
  readonly record: SiteRecord
  /** Milliseconds since 1970. */
  readonly since: number
}

/**
 * The newest record of every site that this relay holds or has heard of. Those
 * of sites that it doesn't hold are in memory, and those heard longest ago go.
 */
export class HeardRecords {
  readonly #components: HeardRecordsComponents
  readonly #maxBytes: number
  readonly #heard = new Map<SiteName, HeardRecord>()
  #bytes = 0

  constructor(components: HeardRecordsComponents, init: { maxBytes: number }) {
    this.#components = components
    this.#maxBytes = init.maxBytes
  }

  /** The newest record known, by the order that holds everywhere ({@link supersedes}). */
  newest(name: SiteName): HeardRecord | undefined {
    const heard = this.#heard.get(name)
    const stored = this.#components.sites.get(name)
    if (stored === undefined) return heard
    const held = { record: { ...stored, bytes: stored.record }, since: stored.updated }
    return heard !== undefined && supersedes(heard.record, held.record) ? heard : held
  }

  /**
   * Takes a checked record.
   *
   * @returns whether it is newer than all that was known
   */
  hear(record: SiteRecord): boolean {
    const newest = this.newest(record.name)?.record
    if (newest !== undefined && !supersedes(record, newest)) return false
    this.#forget(record.name)
    this.#heard.set(record.name, { record, since: this.#components.now() })
    this.#bytes += record.bytes.byteLength
    for (const [oldest] of this.#heard) {
      if (this.#bytes <= this.#maxBytes || oldest === record.name) break
      this.#forget(oldest)
    }
    return true
  }

  #forget(name: SiteName): void {
    this.#bytes -= this.#heard.get(name)?.record.bytes.byteLength ?? 0
    this.#heard.delete(name)
  }
}
