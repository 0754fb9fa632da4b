/** Pages that are remembered; the one visited longest ago makes room. */
const MAX_PAGES = 64
/** Pages that followed one page. */
const MAX_NEXT = 16
/** Files of one page that are remembered. */
const MAX_FILES = 64
/** Longest path that is remembered, and longest text that is read back: a setting is no place for more. */
const MAX_PATH = 256
const MAX_TEXT = 512 * 1024

/** Each visit makes earlier ones count a little less: habits change, and so do sites. */
const DECAY = 0.9
/** What counts less than this is forgotten. */
const LEAST = 0.05

/** What is remembered of one page. */
export interface RememberedPage {
  /** Page that followed -> how often, decayed. */
  readonly next: ReadonlyMap<string, number>
  /** Paths of the files that it loaded, itself left out. */
  readonly files: readonly string[]
}

interface Page {
  next: Map<string, number>
  files: string[]
}

/**
 * Which page this visitor went to from which, and what each of them loaded. It is kept in this browser, tells nobody,
 * and is bounded. Paths are those of the manifest: decoded, without leading slash.
 */
export class PageMemory {
  readonly #pages: Map<string, Page>

  private constructor(pages: Map<string, Page>) {
    this.#pages = pages
  }

  /** Reads what was written; whatever is wrong with it is left out. */
  static parse(text: unknown): PageMemory {
    const pages = new Map<string, Page>()
    if (typeof text === 'string' && text.length <= MAX_TEXT) {
      for (const entry of list(parsed(text)).slice(-MAX_PAGES)) {
        const [path, next, files] = list(entry)
        if (!isPath(path)) continue
        const counts = list(next).flatMap((each): [string, number][] => {
          const [to, count] = list(each)
          return isPath(to) && typeof count === 'number' && count > 0 && count < 1e6 ? [[to, count]] : []
        })
        pages.set(path, {
          next: new Map(counts.slice(0, MAX_NEXT)),
          files: list(files).filter(isPath).slice(0, MAX_FILES),
        })
      }
    }
    return new PageMemory(pages)
  }

  /** As {@link PageMemory.parse} reads it. */
  toString(): string {
    return JSON.stringify([...this.#pages].map(([path, { next, files }]) => [path, [...next], files]))
  }

  of(path: string): RememberedPage | undefined {
    return this.#pages.get(path)
  }

  /** A page was visited, and loaded these files. */
  visited(path: string, files: readonly string[]): void {
    const page = this.#page(path)
    if (page !== undefined) page.files = files.filter((file) => isPath(file) && file !== path).slice(0, MAX_FILES)
  }

  /** The visitor went from one page to another. */
  followed(from: string, to: string): void {
    const page = from === to || !isPath(to) ? undefined : this.#page(from)
    if (page === undefined) return
    const decayed = [...page.next].map(([path, count]): [string, number] => [path, count * DECAY])
    page.next = new Map(decayed.filter(([, count]) => count >= LEAST))
    page.next.set(to, (page.next.get(to) ?? 0) + 1)
    if (page.next.size <= MAX_NEXT) return
    const [least] = [...page.next].filter(([path]) => path !== to).sort(([, a], [, b]) => a - b)
    if (least !== undefined) page.next.delete(least[0])
  }

  /** The page, as the one visited last. */
  #page(path: string): Page | undefined {
    if (!isPath(path)) return undefined
    const page = this.#pages.get(path) ?? { next: new Map<string, number>(), files: [] }
    this.#pages.delete(path)
    this.#pages.set(path, page)
    const [oldest] = this.#pages.keys()
    if (this.#pages.size > MAX_PAGES && oldest !== undefined) this.#pages.delete(oldest)
    return page
  }
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_PATH
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
