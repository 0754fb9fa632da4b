import { CONTENT_TYPES, parseCid, parseSiteName } from '@blackhole/protocol'
import type { WorkerConfig } from '../config.ts'

/**
 * Content by CID or name, of whichever site. On a relay everything below `/ipfs/` and `/ipns/` is.
 * An origin with a tag may have pages of its own there, so that only what names content is taken for it.
 */
export function isContentPath(pathname: string, mode: WorkerConfig['mode']): boolean {
  const [, namespace, first] = /^\/(ipfs|ipns)\/([^/]+)/.exec(pathname) ?? []
  if (first === undefined) return false
  if (mode === 'hosted') return true
  try {
    if (namespace === 'ipfs') parseCid(first)
    else parseSiteName(first)
    return true
  } catch {
    return false
  }
}

/**
 * A request in a trustless format: whoever asks so checks the answer, as our
 * own page does, and the relay answers it best.
 */
export function isTrustless(request: Request, url: URL): boolean {
  const format = url.searchParams.get('format')
  if (format !== null && ['raw', 'car', 'ipns-record'].includes(format)) return true
  const accept = request.headers.get('Accept') ?? ''
  return [CONTENT_TYPES.raw, CONTENT_TYPES.car, CONTENT_TYPES.record].some((type) => accept.includes(type))
}

/**
 * Content that anybody may have uploaded: as a document it runs no script and
 * has an origin of its own, and it is a script or a style only by its type.
 * The relay's path gateway says the same.
 */
export function sandbox(headers: Headers): void {
  headers.set('Content-Security-Policy', 'sandbox')
  headers.set('X-Content-Type-Options', 'nosniff')
}
