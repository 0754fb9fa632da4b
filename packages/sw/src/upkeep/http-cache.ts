import { PIECE_BYTES } from '@blackhole/protocol'
import type { ManifestFile } from '@blackhole/protocol'
import { fileSlices, resolvePath } from '@blackhole/site'
import { verifyBlock } from '@blackhole/swarm'
import type { SiteVersion } from '../version/site-version.ts'

/** What {@link adoptLoaded} works with. */
export interface AdoptComponents {
  fetch: (url: string, init: RequestInit) => Promise<Response>
  /** For each CID, whether it is stored. */
  stored: (cids: readonly string[]) => Promise<boolean[]>
  /** Stores a checked piece. */
  put: (cid: string, bytes: Uint8Array<ArrayBuffer>) => Promise<void>
  /** Gets a piece from peers or over HTTP, and stores it. */
  get: (cid: string) => Promise<unknown>
  /** So many bytes had come over HTTP. */
  count: (bytes: number) => void
}

/** Files that are adopted at once: in the background, behind whatever the page does. */
const CONCURRENCY = 4

/** Larger files that the HTTP cache doesn't hold whole are left alone: a film of which a minute was seen. */
const MAX_FETCHED_BYTES = PIECE_BYTES

/**
 * Makes what a page loaded past the worker part of the piece store, so that a
 * first visit is shared, and works offline, without being downloaded twice:
 * from the browser's HTTP cache where it has it, and else (documents, whose
 * cached form carries the loader tag) like any other piece.
 */
export async function adoptLoaded(
  components: AdoptComponents,
  version: SiteVersion,
  urls: readonly string[],
): Promise<void> {
  const files = new Map<ManifestFile, URL>()
  for (const url of urls) {
    const parsed = URL.parse(url)
    if (parsed === null) continue
    const found = resolvePath(version.manifest, version.rules, parsed.pathname)
    if (found.type === 'file') files.set(found.file, parsed)
  }
  const queue = [...files]
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await adopt(components, ...next).catch(() => undefined)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, lane))
}

async function adopt(components: AdoptComponents, file: ManifestFile, url: URL): Promise<void> {
  const cids = fileSlices(file).map(({ cid }) => cid)
  const missing = new Set(cids)
  const stored = await components.stored(cids)
  cids.forEach((cid, index) => {
    if (stored[index] === true) missing.delete(cid)
  })
  if (missing.size === 0) return
  await fromHttpCache(components, url, cids, missing)
  if (file.size > MAX_FETCHED_BYTES) return
  for (const cid of missing) await components.get(cid)
}

/** Takes the missing pieces from the HTTP cache, without any request to the network, and stops at the first that is wrong. */
async function fromHttpCache(
  components: AdoptComponents,
  url: URL,
  cids: readonly string[],
  missing: Set<string>,
): Promise<void> {
  const response = await components
    .fetch(url.href, { cache: 'only-if-cached', mode: 'same-origin' })
    .catch(() => undefined)
  if (response?.status !== 200 || response.body === null) {
    await response?.body?.cancel()
    return
  }
  let index = 0
  for await (const bytes of pieces(response.body)) {
    const cid = cids[index++]
    if (cid === undefined || !(await verifyBlock(cid, bytes))) return
    if (!missing.delete(cid)) continue
    await components.put(cid, bytes)
    components.count(bytes.byteLength)
  }
}

/** Cuts a body into pieces. */
async function* pieces(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let piece = new Uint8Array(PIECE_BYTES)
  let filled = 0
  for await (const chunk of body) {
    for (let at = 0; at < chunk.byteLength;) {
      const part = chunk.subarray(at, at + PIECE_BYTES - filled)
      piece.set(part, filled)
      filled += part.byteLength
      at += part.byteLength
      if (filled < PIECE_BYTES) continue
      yield piece
      piece = new Uint8Array(PIECE_BYTES)
      filled = 0
    }
  }
  if (filled > 0) yield piece.slice(0, filled)
}
