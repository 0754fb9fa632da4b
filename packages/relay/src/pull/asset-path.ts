import { RESERVED_FOLDER, ValidationError, checkSitePath } from '@blackhole/protocol'
import { RULES_FILES } from '@blackhole/site'

/** Folders whose content is never a visitor's asset: ours, and that of the origin's own arrangements (RFC 8615). */
const FOREIGN = [`${RESERVED_FOLDER}/`, '.well-known/', 'ipfs/', 'ipns/']

/**
 * The path inside a site that a URL's path stands for. Each has one spelling
 * here, that of the URL standard: an origin may answer another spelling of it
 * with something else, which must not become everybody's.
 *
 * @param pathname - percent-encoded, as `URL.pathname` has it
 * @throws {ValidationError} for what can't be an asset of a pull zone
 */
export function assetPathOf(pathname: string): string {
  const wrong = (expected: string): never => {
    throw new ValidationError('path', expected, pathname)
  }
  let path: string
  try {
    path = decodeURIComponent(pathname.slice(1))
  } catch {
    return wrong('percent-encoded UTF-8')
  }
  if (!pathname.startsWith('/')) return wrong('a path from the root')
  checkSitePath(path)
  if (pathnameOf(path) !== pathname) return wrong('written as the URL standard has it')
  if (FOREIGN.some((folder) => path.startsWith(folder))) return wrong('of the origin’s own assets')
  if (/(^|\/)index\.html$/.test(path)) return wrong('no document')
  if (path === RULES_FILES.redirects || path === RULES_FILES.headers) return wrong('no file of rules')
  // In `_headers` these stand for something else. A blank does not: it is written there as in the URL, `%20`.
  if (/(^|\/):|\*/.test(path)) return wrong('without "*", and parts that begin with ":"')
  return path
}

/** The URL path of a path inside a site. */
export function pathnameOf(path: string): string {
  const url = new URL('http://origin/')
  // What ends a path in a URL is always escaped in one.
  url.pathname = `/${path.replace(/[%?#]/g, encodeURIComponent)}`
  return url.pathname
}
