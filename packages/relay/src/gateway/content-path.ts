import { NotFoundError, ValidationError, parseCid, parseSiteName } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { exporter } from 'ipfs-unixfs-exporter'
import type { UnixFSEntry } from 'ipfs-unixfs-exporter'
import { CID } from 'multiformats/cid'
import { base36 } from 'multiformats/bases/base36'
import type { SiteTable } from '../state/site-table.ts'
import { TracingReader } from './tracing-reader.ts'
import type { BlockReader } from './tracing-reader.ts'

/** A path of a gateway, taken apart. */
export interface ContentPath {
  namespace: 'ipfs' | 'ipns'
  /** The site's name under `/ipns`. */
  name: SiteName | undefined
  /** CID that the path begins at. */
  root: CID
  /** Decoded path below it, without leading slash; empty for the root itself. */
  path: string
  /** Whether the URL ended in a slash. */
  folder: boolean
}

/**
 * Reads `/ipfs/CID/path` and `/ipns/NAME/path`.
 *
 * @param pathname - percent-encoded
 * @throws {ValidationError} when it is malformed
 * @throws {NotFoundError} when the relay doesn't hold the site
 */
export function parseContentPath(pathname: string, sites: SiteTable): ContentPath {
  const [, namespace, first = '', ...rest] = pathname.split('/')
  let path: string
  try {
    path = rest
      .map(decodeURIComponent)
      .filter((part) => part !== '')
      .join('/')
  } catch (cause) {
    throw new ValidationError('path', 'percent-encoded UTF-8', pathname, { cause })
  }
  if (path.split('/').some((part) => part === '.' || part === '..'))
    throw new ValidationError('path', 'without "." or ".." parts', pathname)
  const folder = pathname.endsWith('/')
  if (namespace === 'ipfs') return { namespace, name: undefined, root: parseCid(first), path, folder }
  const name = nameOf(first)
  const site = sites.get(name)
  if (site === undefined) throw new NotFoundError(`The site ${name}`)
  return { namespace: 'ipns', name, root: parseCid(site.root), path, folder }
}

/** A name in any base that IPNS knows: `k51…`, or the same key as a CID in base32. */
function nameOf(text: string): SiteName {
  if (text.startsWith('k')) return parseSiteName(text)
  try {
    return parseSiteName(CID.parse(text).toString(base36))
  } catch (cause) {
    throw new ValidationError('site name', 'a name such as k51…', text, { cause })
  }
}

/** What a path leads to, and the blocks on the way, its own first block last. */
export interface ResolvedPath {
  entry: UnixFSEntry
  way: readonly CID[]
}

/**
 * Follows a path through UnixFS folders.
 *
 * @throws {NotFoundError} when the path leads nowhere, or a block on it isn't held
 */
export async function resolveContentPath(
  path: ContentPath,
  blocks: BlockReader,
  options: { signal?: AbortSignal } = {},
): Promise<ResolvedPath> {
  const reader = new TracingReader(blocks)
  const text =
    path.path === '' ? path.root : `${path.root.toString()}/${path.path.split('/').map(escapePart).join('/')}`
  try {
    const entry = await exporter(text, reader, options)
    return { entry, way: reader.read }
  } catch (cause) {
    if (options.signal?.aborted === true) throw cause
    throw new NotFoundError(`${path.root.toString()}/${path.path}`.replace(/\/$/, ''), { cause })
  }
}

/** The exporter splits at slashes that no backslash precedes. */
function escapePart(part: string): string {
  return part.replaceAll('\\', '\\\\').replaceAll('/', '\\/')
}
