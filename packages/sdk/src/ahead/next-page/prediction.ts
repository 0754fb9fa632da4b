import { piecesOf, PIECE_BYTES, type Manifest } from '@blackhole/protocol'
import type { PageMemory } from './page-memory.ts'

/** Pages that are prepared from one page. */
export const MAX_PREDICTED_PAGES = 4

/** Links of a document that are looked at, in its order. */
const MAX_LINKS = 100

/** What a link counts for before the visitor has ever followed one: all of a page's together as much as one visit. */
const LINKS_WEIGHT = 1

/**
 * The pages that a visitor of a page goes to next, most likely first: those that this visitor went to before, by how
 * often, and those that the page links to, the first links before the last ones.
 *
 * A Markov model of first order, as of Padmanabhan and Mogul, "Using predictive prefetching to improve World Wide Web
 * latency" (CCR 26(3), 1996), with the links as its prior.
 *
 * @param links - paths that the document links to, as in the manifest
 */
export function predictPages(page: string, links: readonly string[], memory: PageMemory, manifest: Manifest): string[] {
  const weights = new Map<string, number>()
  const distinct = [...new Set(links.slice(0, MAX_LINKS))].filter((path) => path !== page)
  // Harmonic weights that add up to one.
  const sum = distinct.reduce((total, _, at) => total + 1 / (at + 1), 0)
  for (const [at, path] of distinct.entries()) weights.set(path, LINKS_WEIGHT / (at + 1) / sum)
  for (const [path, count] of memory.of(page)?.next ?? []) weights.set(path, (weights.get(path) ?? 0) + count)
  return [...weights]
    .filter(([path]) => path !== page && isPage(manifest, path))
    .sort(([, a], [, b]) => b - a)
    .slice(0, MAX_PREDICTED_PAGES)
    .map(([path]) => path)
}

/**
 * Pieces of files, each once, as far as the bytes reach; a file that does not fit is left out whole.
 *
 * @param isHere - whether a piece is in this browser already: it costs nothing
 */
export function piecesWithin(
  manifest: Manifest,
  paths: readonly string[],
  bytes: number,
  isHere: (cid: string) => boolean,
): { readonly cids: string[]; readonly bytes: number } {
  const cids = new Set<string>()
  let spent = 0
  for (const path of new Set(paths)) {
    const file = Object.hasOwn(manifest.files, path) ? manifest.files[path] : undefined
    if (file === undefined) continue
    const missing = piecesOf(file)
      .map((cid, at) => ({ cid, size: Math.min(PIECE_BYTES, file.size - at * PIECE_BYTES) }))
      .filter(({ cid }) => !isHere(cid) && !cids.has(cid))
    const size = missing.reduce((total, piece) => total + piece.size, 0)
    if (spent + size > bytes) continue
    spent += size
    for (const { cid } of missing) cids.add(cid)
  }
  return { cids: [...cids], bytes: spent }
}

function isPage(manifest: Manifest, path: string): boolean {
  return Object.hasOwn(manifest.files, path) && manifest.files[path]?.type.startsWith('text/html') === true
}
