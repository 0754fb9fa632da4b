import type { Manifest, ManifestFile } from '@blackhole/protocol'
import { matchPattern } from './path-pattern.ts'
import { isRedirect } from './redirects.ts'
import type { RedirectRule, RedirectStatus } from './redirects.ts'
import type { SiteRules } from './site-rules.ts'

/** What a path of a site stands for. */
export type Resolution =
  | {
      readonly type: 'file'
      /** Path of the file in the manifest. */
      readonly path: string
      readonly file: ManifestFile
      /** 200, or that of an error page. */
      readonly status: 200 | 404 | 410 | 451
      /** How it was found: the path itself (or the `index.html` in it), a `_redirects` rule, or the site's 404 page. */
      readonly by: 'path' | 'rule' | 'not-found-page'
    }
  | {
      readonly type: 'redirect'
      readonly status: RedirectStatus
      readonly location: string
      readonly by: 'path' | 'rule'
    }
  | {
      readonly type: 'none'
      /** 400: the path is malformed. 500: `_redirects` is. */
      readonly status: 400 | 404 | 410 | 451 | 500
      readonly message: string
    }

/** Document of a folder. */
const INDEX = 'index.html'

/** Pages that are shown for what isn't there, nearest folder first. `ipfs-404.html` is what older gateways knew. */
const NOT_FOUND_PAGES = ['404.html', 'ipfs-404.html'] as const

/** Longest path that is looked at, percent-encoded: three times what a site's path may have. */
const MAX_PATHNAME_LENGTH = 3 * 4096

/**
 * Finds what a URL's path stands for: a file, the `index.html` of a folder
 * (after a redirect to its trailing slash), a rule of `_redirects` where
 * nothing is there, the nearest 404 page.
 *
 * @param pathname - as a URL has it: begins with `/`, percent-encoded
 * @param search - the URL's query with its `?`, kept on redirects. Default none
 */
export function resolvePath(
  manifest: Pick<Manifest, 'files'>,
  rules: SiteRules,
  pathname: string,
  search = '',
): Resolution {
  const segments = decodePath(pathname)
  if (segments === undefined) {
    return {
      type: 'none',
      status: 400,
      message: 'The path is not valid: it must begin with "/" and be percent-encoded UTF-8',
    }
  }
  const found = lookUp(manifest.files, segments)
  if (found?.type === 'file') return { ...found, status: 200, by: 'path' }
  if (found?.type === 'folder')
    return { type: 'redirect', status: 301, location: ascii(`${oneSlash(pathname)}/${search}`), by: 'path' }

  if (rules.redirectsError !== undefined) return { type: 'none', status: 500, message: rules.redirectsError }
  for (const rule of rules.redirects) {
    const match = matchPattern(rule.from, pathname)
    if (match !== undefined) return applyRule(manifest.files, rule, match.fill(rule.to), pathname, search)
  }
  return notFound(manifest.files, segments)
}

/** Only the file that a path names, no rule and no error page: for what is left to an origin when it isn't the site's. */
export function findFile(
  manifest: Pick<Manifest, 'files'>,
  pathname: string,
): { path: string; file: ManifestFile } | undefined {
  const segments = decodePath(pathname)
  const found = segments === undefined ? undefined : lookUp(manifest.files, segments)
  return found?.type === 'file' ? { path: found.path, file: found.file } : undefined
}

function applyRule(
  files: Manifest['files'],
  rule: RedirectRule,
  to: string,
  pathname: string,
  search: string,
): Resolution {
  if (isRedirect(rule.status)) {
    const location = locationOf(to, search)
    if (location.replace(/#.*$/s, '') === ascii(`${pathname}${search}`)) {
      return { type: 'none', status: 500, message: `A rule in _redirects (${rule.from.source}) leads back to itself` }
    }
    return { type: 'redirect', status: rule.status, location, by: 'rule' }
  }
  const target = /^[^?#]*/.exec(to)?.[0] ?? to
  const segments = decodePath(target)
  const found = segments === undefined ? undefined : lookUp(files, segments, true)
  if (found?.type === 'file') return { ...found, status: rule.status, by: 'rule' }
  const status = rule.status === 200 ? 404 : rule.status
  return { type: 'none', status, message: `${target}, which a rule in _redirects names, is not in this site` }
}

/** The nearest 404 page from the path's folder up. */
function notFound(files: Manifest['files'], segments: readonly string[]): Resolution {
  for (let depth = Math.max(0, segments.length - 1); depth >= 0; depth--) {
    const folder = segments.slice(0, depth)
    for (const name of NOT_FOUND_PAGES) {
      const path = [...folder, name].join('/')
      const file = fileAt(files, path)
      if (file !== undefined) return { type: 'file', path, file, status: 404, by: 'not-found-page' }
    }
  }
  return { type: 'none', status: 404, message: 'There is nothing at this address' }
}

type Found = { readonly type: 'file'; readonly path: string; readonly file: ManifestFile } | { readonly type: 'folder' }

function lookUp(files: Manifest['files'], segments: readonly string[], anySlash = false): Found | undefined {
  const folder = segments.at(-1) === ''
  const parts = folder ? segments.slice(0, -1) : segments
  // an encoded slash is part of a name, and no name of a site has one
  if (parts.some((part) => part === '' || part.includes('/'))) return undefined
  const path = parts.join('/')
  if (!folder) {
    const file = fileAt(files, path)
    if (file !== undefined) return { type: 'file', path, file }
  }
  const index = path === '' ? INDEX : `${path}/${INDEX}`
  const file = fileAt(files, index)
  if (file === undefined) return undefined
  return folder || anySlash ? { type: 'file', path: index, file } : { type: 'folder' }
}

function fileAt(files: Manifest['files'], path: string): ManifestFile | undefined {
  return Object.hasOwn(files, path) ? files[path] : undefined
}

/** Decoded segments in NFC, the last one empty when the path ends in a slash; undefined when the path is malformed. */
function decodePath(pathname: string): string[] | undefined {
  if (!pathname.startsWith('/') || pathname.length > MAX_PATHNAME_LENGTH || /[\0-\x1f\x7f]/.test(pathname))
    return undefined
  try {
    const segments = pathname
      .slice(1)
      .split('/')
      .map((part) => decodeURIComponent(part).normalize('NFC'))
    return segments.some((part) => part.includes('\0')) ? undefined : segments
  } catch {
    return undefined
  }
}

/** Location of a redirect: the rule's own query wins nothing over the visitor's, whose parameters replace those of the same name. */
function locationOf(to: string, search: string): string {
  const [, path = '', own = '', hash = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(to) ?? []
  let query = own
  if (own === '') {
    query = search
  } else if (search !== '') {
    const merged = new URLSearchParams(own)
    const theirs = new URLSearchParams(search)
    for (const name of new Set(theirs.keys())) merged.delete(name)
    for (const [name, value] of theirs) merged.append(name, value)
    query = `?${merged.toString()}`
  }
  return ascii(`${path.startsWith('/') ? oneSlash(path) : path}${query}${hash}`)
}

/** A path that begins with two slashes (or a backslash) would name another host: no open redirects. */
function oneSlash(path: string): string {
  return path.replace(/^[/\\]+/, '/')
}

/** A header's value: everything beyond visible ASCII is percent-encoded. */
function ascii(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent)
}
