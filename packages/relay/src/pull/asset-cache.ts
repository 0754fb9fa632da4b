import { createReadStream } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BlackholeError, LimitError, parseCid } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { contentTypeOf, importOneFile } from '@blackhole/site'
import type { SiteFile } from '@blackhole/site'
import type { BlockVault } from '../content/block-vault.ts'
import { MAX_PULLED_ASSETS, MAX_PULL_FRESH_MS, MIN_PULL_FRESH_MS, PULL_LEAD_MS } from '../limits.ts'
import { pathnameOf } from './asset-path.ts'
import { judgeAnswer, validates, validationHeaders } from './cache-rules.ts'
import type { OriginHead, Refusal } from './cache-rules.ts'
import { download } from './download.ts'
import type { DownloadComponents, Downloaded } from './download.ts'
import { onlyLine, updatedHeaders } from './header-lines.ts'
import { keepBlocks } from './keep-blocks.ts'
import type { Asset, ZoneStore } from './zone-store.ts'

/** What an {@link AssetCache} works with. */
export interface AssetCacheComponents extends DownloadComponents {
  readonly vault: BlockVault
  readonly store: ZoneStore
}

/** Options of an {@link AssetCache}. */
export interface AssetCacheInit {
  /** The one origin that is asked. */
  readonly origin: string
  readonly site: SiteName
  /** Folder for bodies while they come. */
  readonly folder: string
  readonly allowPrivate: boolean
  /** What is fresh for less is not kept. Default {@link MIN_PULL_FRESH_MS}. */
  readonly minFreshMs?: number
}

/**
 * What came of a question about an asset: it is new or another, still the
 * same, or not to be had (`brief`: not fresh for long enough; `conflict`: a
 * folder has its name; `limit`: too long, or one too many; `full`: no room).
 */
export type Pulled = 'new' | 'same' | 'brief' | 'conflict' | 'limit' | 'full' | 'unavailable' | Refusal

/** A shared HTTP cache of one origin's assets, whose bodies are blocks in the relay's vault. */
export class AssetCache {
  readonly #components: AssetCacheComponents
  readonly #init: AssetCacheInit
  readonly #minFreshMs: number
  readonly #assets: Map<string, Asset>
  #originBytes = 0

  constructor(components: AssetCacheComponents, init: AssetCacheInit) {
    this.#components = components
    this.#init = init
    this.#minFreshMs = init.minFreshMs ?? MIN_PULL_FRESH_MS
    const { store, vault } = components
    this.#assets = store.load(init.site)
    for (const [path, { cid, pieces }] of this.#assets) {
      if (![cid, ...pieces].every((each) => vault.has(parseCid(each)))) this.drop(path)
    }
  }

  /** What is held, fresh or not, by path. */
  get assets(): ReadonlyMap<string, Asset> {
    return this.#assets
  }

  /** Bytes of bodies that the origin sent and that were read. */
  get originBytes(): number {
    return this.#originBytes
  }

  /** Whether an asset is held and may be used now. */
  isFresh(path: string): boolean {
    return (this.#assets.get(path)?.freshUntil ?? -Infinity) > this.#components.now()
  }

  /** When to ask about an asset again: some time before it expires, and at least once in {@link MAX_PULL_FRESH_MS}. */
  dueAt({ checkedAt, freshUntil }: Asset): number {
    return Math.min(freshUntil - Math.min(PULL_LEAD_MS, (freshUntil - checkedAt) / 2), checkedAt + MAX_PULL_FRESH_MS)
  }

  /** Forgets an asset. Its blocks go with the versions that have it. */
  drop(path: string): void {
    this.#assets.delete(path)
    this.#components.store.delete(this.#init.site, path)
  }

  /**
   * Asks the origin for an asset, with the validators of the one that is held.
   * What it says now decides: an answer that may not be kept ends what was
   * held, unless the origin is merely in trouble.
   */
  async pull(path: string, signal: AbortSignal): Promise<Pulled> {
    const file = join(this.#init.folder, randomBytes(8).toString('hex'))
    try {
      return await this.#pull(path, file, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof LimitError) return this.#refuse(path, 'limit')
      if (error instanceof BlackholeError && error.reason === 'full') return this.#refuse(path, 'full')
      return 'unavailable'
    } finally {
      await rm(file, { force: true })
    }
  }

  async #pull(path: string, file: string, signal: AbortSignal): Promise<Pulled> {
    const held = this.#assets.get(path)
    let { head, bytes } = await this.#ask(path, file, signal, held && validationHeaders(held.headers))
    if (head.status === 304 && held !== undefined) {
      if (validates(held.headers, head.headers)) return this.#renew(path, held, head)
      ;({ head, bytes } = await this.#ask(path, file, signal))
    }
    if (head.status >= 500) return 'unavailable'
    const judged = judgeAnswer(head)
    if (!judged.keep || bytes === undefined) return this.#refuse(path, judged.keep ? 'status' : judged.reason)
    if (judged.freshUntil - head.answeredAt < this.#minFreshMs) return this.#refuse(path, 'brief')
    if (this.#isTaken(path)) return this.#refuse(path, 'conflict')
    if (held === undefined && this.#assets.size >= MAX_PULLED_ASSETS) return this.#refuse(path, 'limit')

    const imported = await importOneFile(spooled(path, file, bytes), { signal })
    await keepBlocks(this.#components.vault, this.#init.site, imported, signal)
    const { cid, size, pieces, dagSize } = imported
    const { headers, answeredAt } = head
    const type = typeOf(path, head)
    this.#set(path, { cid, size, pieces, dagSize, type, headers, freshUntil: judged.freshUntil, checkedAt: answeredAt })
    return held?.cid === cid && held.type === type ? 'same' : 'new'
  }

  async #ask(
    path: string,
    file: string,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Downloaded> {
    const { origin, allowPrivate } = this.#init
    const url = new URL(pathnameOf(path), origin)
    const downloaded = await download(this.#components, { url, headers, file, allowPrivate, signal })
    this.#originBytes += downloaded.bytes ?? 0
    return downloaded
  }

  #renew(path: string, held: Asset, { headers, askedAt, answeredAt }: OriginHead): Pulled {
    const head = { status: 200, headers: updatedHeaders(held.headers, headers), askedAt, answeredAt }
    const judged = judgeAnswer(head)
    if (!judged.keep) return this.#refuse(path, judged.reason)
    if (judged.freshUntil - answeredAt < this.#minFreshMs) return this.#refuse(path, 'brief')
    const type = typeOf(path, head)
    this.#set(path, { ...held, type, headers: head.headers, freshUntil: judged.freshUntil, checkedAt: answeredAt })
    return held.type === type ? 'same' : 'new'
  }

  #set(path: string, asset: Asset): void {
    this.#assets.set(path, asset)
    this.#components.store.put(this.#init.site, path, asset)
  }

  #refuse(path: string, why: Pulled): Pulled {
    if (this.#assets.has(path)) this.drop(path)
    return why
  }

  /** A folder can't have the name of a file. */
  #isTaken(path: string): boolean {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1))
      if (this.#assets.has(path.slice(0, at))) return true
    return [...this.#assets.keys()].some((other) => other.startsWith(`${path}/`))
  }
}

/** The type that the origin gave, or else that of the name. */
function typeOf(path: string, { headers }: OriginHead): string {
  const type = onlyLine(headers, 'content-type') ?? ''
  return /^[\x20-\x7e]{1,200}$/.test(type) ? type : contentTypeOf(path)
}

function spooled(path: string, file: string, size: number): SiteFile {
  return {
    path,
    size,
    async *open(start = 0, end = size) {
      if (end > start) yield* createReadStream(file, { start, end: end - 1 }) as AsyncIterable<Uint8Array>
    },
  }
}
