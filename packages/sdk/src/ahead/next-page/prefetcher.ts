import { piecesOf, type Manifest } from '@blackhole/protocol'
import { findFile, type SiteState } from '@blackhole/site'
import type { BlockFetchOptions, FetchedBlock } from '../../peer/block-provider.ts'
import { PageMemory } from './page-memory.ts'
import { PrefetchBudget } from './prefetch-budget.ts'
import { piecesWithin, predictPages } from './prediction.ts'

/** The page as the prefetcher sees it. */
export interface VisitedPage {
  /** Path of its URL, and that of the page before on the same origin. */
  readonly pathname: string
  readonly referrer: string | undefined
  /** Paths on this origin that it links to, in its order. */
  links: () => string[]
  /** Paths on this origin of the files that it loaded. */
  loaded: () => string[]
  /** Paths on this origin of scripts, styles and images that an HTML document names. */
  assets: (html: string, pathname: string) => string[]
  /** Resolves when the page has loaded and the browser has nothing better to do. */
  idle: (options: { signal: AbortSignal }) => Promise<void>
}

/** What {@link Prefetcher} works with. */
export interface PrefetcherComponents {
  readonly state: Pick<SiteState, 'setting' | 'setSetting'>
  readonly page: VisitedPage
  readonly now: () => number
  readonly onError: (what: string, error: unknown) => void
}

/** Where pieces come from: the peer of the page that hosts. */
export interface PrefetchSource {
  readonly manifest: Manifest
  hasMany: (cids: readonly string[]) => Promise<boolean[]>
  get: (cid: string, options: BlockFetchOptions) => Promise<FetchedBlock>
}

/** Setting of the origin: what {@link PageMemory} wrote. */
export const PAGES_SETTING = 'next-pages'

/** Nobody waits for it: whatever a page asks for goes first. */
const DEADLINE_MS = 30_000

/** Documents larger than this are not read for what they name. */
const MAX_DOCUMENT_PIECES = 1

/**
 * Fetches what a visitor of this page is likely to open next, when the page is idle: documents of the next pages, then
 * the files that they loaded last time or name. Learns from each page that is opened. Where the visitor goes stays in
 * this browser; others see only requests for pieces, as for any that a page asks for.
 */
export class Prefetcher {
  readonly #components: PrefetcherComponents
  readonly #budget: PrefetchBudget

  constructor(components: PrefetcherComponents) {
    this.#components = components
    this.#budget = new PrefetchBudget(components)
  }

  /**
   * Learns from this page, then fetches what comes next. Ends quietly when the signal is aborted: the page closes, or
   * the device's conditions no longer allow it.
   */
  async run(source: PrefetchSource, signal: AbortSignal): Promise<void> {
    const { page, onError } = this.#components
    try {
      await page.idle({ signal })
      const memory = await this.#learn(source.manifest)
      const at = pathOf(source.manifest, page.pathname)
      if (at === undefined) return
      const links = page.links().flatMap((link) => pathOf(source.manifest, link) ?? [])
      const pages = predictPages(at, links, memory, source.manifest)
      // All documents first: they are small, and each names the rest of its page.
      await this.#get(source, pages, signal)
      for (const next of pages) {
        await page.idle({ signal })
        const files = memory.of(next)?.files ?? (await this.#named(source, next, signal))
        await this.#get(source, files, signal)
      }
    } catch (error) {
      if (!signal.aborted) onError('fetching ahead', error)
    }
  }

  /** Notes where the visitor came from and what this page has loaded. */
  async #learn(manifest: Manifest): Promise<PageMemory> {
    const { state, page } = this.#components
    const memory = PageMemory.parse(await state.setting(PAGES_SETTING).catch(() => undefined))
    const at = pathOf(manifest, page.pathname)
    if (at === undefined) return memory
    memory.visited(
      at,
      page.loaded().flatMap((file) => pathOf(manifest, file) ?? []),
    )
    const from = page.referrer === undefined ? undefined : pathOf(manifest, page.referrer)
    if (from !== undefined) memory.followed(from, at)
    await state.setSetting(PAGES_SETTING, memory.toString()).catch(() => undefined)
    return memory
  }

  /** Files that a document names, read from this browser. */
  async #named({ manifest, get }: PrefetchSource, path: string, signal: AbortSignal): Promise<string[]> {
    const file = manifest.files[path]
    const [cid, ...more] = file === undefined ? [] : piecesOf(file)
    if (cid === undefined || more.length >= MAX_DOCUMENT_PIECES) return []
    const { bytes } = await get(cid, { signal, deadlineMs: DEADLINE_MS })
    const assets = this.#components.page.assets(new TextDecoder().decode(bytes), `/${path}`)
    return assets.flatMap((asset) => pathOf(manifest, asset) ?? [])
  }

  /** Gets files as far as the budget reaches, one piece after the other. */
  async #get({ manifest, hasMany, get }: PrefetchSource, paths: readonly string[], signal: AbortSignal): Promise<void> {
    const all = paths.flatMap((path) => {
      const file = manifest.files[path]
      return file === undefined ? [] : piecesOf(file)
    })
    const here = await hasMany(all)
    const stored = new Set(all.filter((_, at) => here[at] === true))
    const { cids, bytes } = piecesWithin(manifest, paths, await this.#budget.left(), (cid) => stored.has(cid))
    if (cids.length === 0) return
    await this.#budget.spend(bytes)
    for (const cid of cids) {
      signal.throwIfAborted()
      await get(cid, { signal, deadlineMs: DEADLINE_MS })
    }
  }
}

function pathOf(manifest: Manifest, pathname: string): string | undefined {
  return findFile(manifest, pathname)?.path
}
