import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ComposedFile } from '@blackhole/site'
import type { SiteName } from '@blackhole/protocol'
import type { HeaderLines } from './header-lines.ts'

/** An asset that was pulled: what its site needs of it, and what HTTP needs to know whether it still holds. */
export interface Asset extends ComposedFile {
  /** Header fields of the answer, as 304s have renewed them. */
  readonly headers: HeaderLines
  /** Until when it may be used, milliseconds since 1970. */
  readonly freshUntil: number
  /** When the origin last answered for it, milliseconds since 1970. */
  readonly checkedAt: number
}

/** The assets of pull zones in the relay's database. Their blocks are in the vault. */
export class ZoneStore {
  readonly #all: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync

  constructor(database: DatabaseSync) {
    this.#all = database.prepare('SELECT path, asset FROM pulled WHERE site = ? ORDER BY path')
    this.#put = database.prepare('INSERT OR REPLACE INTO pulled (site, path, asset) VALUES (?, ?, ?)')
    this.#delete = database.prepare('DELETE FROM pulled WHERE site = ? AND path = ?')
  }

  /** All assets of a zone by path. */
  load(site: SiteName): Map<string, Asset> {
    return new Map(this.#all.all(site).map((row) => [String(row['path']), JSON.parse(String(row['asset'])) as Asset]))
  }

  /** Remembers an asset, in place of the one that was there. */
  put(site: SiteName, path: string, asset: Asset): void {
    this.#put.run(site, path, JSON.stringify(asset))
  }

  /** Forgets an asset. */
  delete(site: SiteName, path: string): void {
    this.#delete.run(site, path)
  }
}
