import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BlackholeError } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { KEPT_VERSIONS } from '../limits.ts'
import { transaction } from './database.ts'

/** A site's newest version as the relay keeps it. */
export interface StoredSite {
  name: SiteName
  /** The signed IPNS record. */
  record: Uint8Array<ArrayBuffer>
  sequence: number
  root: string
  /** When the record runs out, milliseconds since 1970. */
  expires: number
  /** When it arrived, milliseconds since 1970. */
  updated: number
  files: number
  bytes: number
  /** Web origins whose visitors may join the swarm. */
  origins: readonly string[]
}

/** A version that is kept for rollback. */
export interface StoredVersion {
  sequence: number
  root: string
  published: number
  /** The signed record that made it the newest; undefined where it was taken before records were kept. */
  record: Uint8Array<ArrayBuffer> | undefined
}

/** A version about to become the newest. */
export interface NewVersion {
  name: SiteName
  record: Uint8Array
  sequence: number
  root: string
  expires: number
  files: number
  bytes: number
  origins: readonly string[]
  /** Whether its owner ends the site with it. */
  retired: boolean
  /** Database ids of all its blocks. */
  blocks: readonly number[]
}

const SELECT_SITE = `
  SELECT sites.name, sites.record, sites.sequence, sites.root, sites.expires, sites.updated, versions.files, versions.bytes, versions.origins
  FROM sites JOIN versions ON versions.site = sites.name AND versions.sequence = sites.sequence`

/** Sites and their versions in the relay's database. */
export class SiteTable {
  readonly #database: DatabaseSync
  readonly #one: StatementSync
  readonly #all: StatementSync
  readonly #versions: StatementSync
  readonly #count: StatementSync
  readonly #sites: Map<SiteName, StoredSite>

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#one = database.prepare(`${SELECT_SITE} WHERE sites.name = ?`)
    this.#all = database.prepare(`${SELECT_SITE} ORDER BY sites.updated DESC LIMIT ?`)
    this.#versions = database.prepare(
      'SELECT sequence, root, published, record FROM versions WHERE site = ? ORDER BY sequence DESC',
    )
    this.#count = database.prepare('SELECT COUNT(*) AS count FROM sites')
    this.#sites = new Map()
  }

  /** The site's newest version. */
  get(name: SiteName): StoredSite | undefined {
    const cached = this.#sites.get(name)
    if (cached !== undefined) return cached
    const row = this.#one.get(name)
    if (row === undefined) return undefined
    const site = read(row)
    this.#sites.set(name, site)
    return site
  }

  /** The newest sites, the newest first. */
  list(limit: number): StoredSite[] {
    return this.#all.all(limit).map(read)
  }

  /** How many sites there are. */
  count(): number {
    return Number(this.#count.get()?.['count'] ?? 0)
  }

  /** Versions still held, the newest first. */
  versions(name: SiteName): StoredVersion[] {
    return this.#versions.all(name).map((row) => ({
      sequence: Number(row['sequence']),
      root: String(row['root']),
      published: Number(row['published']),
      record: (row['record'] ?? undefined) as Uint8Array<ArrayBuffer> | undefined,
    }))
  }

  /**
   * Makes a version the site's newest: record, version and pins appear
   * together or not at all. Versions past the last {@link KEPT_VERSIONS} go,
   * and all others when the site ends: nothing pins their blocks any more.
   *
   * @throws {BlackholeError} `incomplete` when a block was collected meanwhile
   */
  publish(version: NewVersion, now: number): void {
    const database = this.#database
    transaction(database, () => {
      database.prepare('DELETE FROM versions WHERE site = ? AND sequence = ?').run(version.name, version.sequence)
      const { lastInsertRowid: id } = database
        .prepare(
          'INSERT INTO versions (site, sequence, root, files, bytes, origins, published, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          version.name,
          version.sequence,
          version.root,
          version.files,
          version.bytes,
          JSON.stringify(version.origins),
          now,
          version.record,
        )
      const pin = database.prepare('INSERT OR IGNORE INTO pins (version, block) VALUES (?, ?)')
      try {
        for (const block of version.blocks) pin.run(id, block)
      } catch (cause) {
        throw new BlackholeError(
          'incomplete',
          'A block of the version has been collected meanwhile. Ask for missing blocks again',
          { cause },
        )
      }
      database
        .prepare(
          `
        INSERT INTO sites (name, record, sequence, root, expires, updated) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET
          record = excluded.record, sequence = excluded.sequence, root = excluded.root, expires = excluded.expires, updated = excluded.updated
      `,
        )
        .run(version.name, version.record, version.sequence, version.root, version.expires, now)
      database
        .prepare(
          'DELETE FROM versions WHERE site = ? AND id NOT IN (SELECT id FROM versions WHERE site = ? ORDER BY sequence DESC LIMIT ?)',
        )
        .run(version.name, version.name, version.retired ? 1 : KEPT_VERSIONS)
    })
    this.#sites.delete(version.name)
  }

  /** Replaces the record of an unchanged version, signed anew before it expired. */
  renew(name: SiteName, record: Uint8Array, expires: number): void {
    this.#database.prepare('UPDATE sites SET record = ?, expires = ? WHERE name = ?').run(record, expires, name)
    this.#sites.delete(name)
  }
}

function read(row: Record<string, unknown>): StoredSite {
  return {
    name: row['name'] as SiteName,
    record: row['record'] as Uint8Array<ArrayBuffer>,
    sequence: Number(row['sequence']),
    root: String(row['root']),
    expires: Number(row['expires']),
    updated: Number(row['updated']),
    files: Number(row['files']),
    bytes: Number(row['bytes']),
    origins: JSON.parse(String(row['origins'])) as string[],
  }
}
