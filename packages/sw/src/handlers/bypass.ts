import { MANIFEST_PATH, RESERVED_FOLDER, SCRIPT_PATHS } from '@blackhole/protocol'
import { findFile } from '@blackhole/site'
import type { WorkerConfig } from '../config.ts'
import { isHtml } from '../response/document.ts'
import type { SiteVersion } from '../version/site-version.ts'
import { isContentPath, isTrustless } from './content-path.ts'
import type { Handler, SiteRequest } from './handler.ts'
import { isForNetwork } from './to-network.ts'

/** What is known without waiting when a request comes. */
export interface BypassState {
  readonly origin: string
  readonly config: Pick<WorkerConfig, 'mode'>
  /** The visitor has opted out; undefined until the state was read. */
  readonly optedOut: boolean | undefined
  /** Whether any version can be served; undefined until the state was read. */
  readonly known: boolean | undefined
  /** A page is connected that hosts the peer. */
  readonly hosted: boolean
  /** A first version is being loaded. */
  readonly beginning: boolean
  /** The version that is served now, when it is in memory. */
  readonly current: SiteVersion | undefined
  /** The origin was redeployed without publishing: it wins. */
  readonly stale: boolean
}

/**
 * Requests that aren't ours. Decided without waiting, so that the browser
 * handles them itself and they cost nothing.
 */
export function bypassHandler(state: () => BypassState): Handler {
  return {
    name: 'bypass',
    canHandle: (request) => isBypassed(request, state()),
    handle: () => Promise.resolve(undefined),
  }
}

/** Whether a request is left to the browser. */
export function isBypassed({ request, url, navigates }: SiteRequest, state: BypassState): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return true
  if (url.origin !== state.origin) return true
  // A page that hosts may have come since, and the relay may serve no content any more.
  if (isForNetwork(url) && !state.hosted) return true
  // Chromium's developer tools ask so, and answering with anything else than the cache is an error.
  if (request.cache === 'only-if-cached' && request.mode !== 'same-origin') return true
  if (isReserved(url.pathname)) return !isPageScript(url.pathname) || state.config.mode === 'tag'
  if (state.optedOut === true) return true
  if (isContentPath(url.pathname, state.config.mode)) return isContentLeft({ request, url, navigates }, state)
  // A hosted page that can't be reached is explained, even when nothing of its site is known (storage was cleared).
  if (state.known === false && !state.beginning) return state.config.mode === 'tag' || !navigates
  if (state.config.mode === 'hosted') return false
  return isLeftToOrigin({ request, url, navigates }, state)
}

/**
 * A document by a name belongs to the origin of its site, where the relay sends the visitor: it can't tell that
 * it is a document when the worker asks. With a tag, documents and whatever has an account are the origin's own.
 */
function isContentLeft(
  { request, url, navigates }: Pick<SiteRequest, 'request' | 'url' | 'navigates'>,
  { config, stale }: BypassState,
): boolean {
  if (isTrustless(request, url)) return true
  if (config.mode === 'hosted') return isNamedDocument({ url, navigates })
  return navigates || stale || request.headers.has('Authorization')
}

/** Whether a document is asked for by the name of a site. */
export function isNamedDocument({ url, navigates }: Pick<SiteRequest, 'url' | 'navigates'>): boolean {
  return navigates && url.pathname.startsWith('/ipns/')
}

/** In tag mode the origin is the authority: only files of the manifest are ours, and documents only if the owner says so. */
function isLeftToOrigin(
  { request, url, navigates }: Pick<SiteRequest, 'request' | 'url' | 'navigates'>,
  state: BypassState,
): boolean {
  if (state.stale) return true
  // A page's own calls with a query are an interface, not a file.
  if (request.destination === '' && url.search !== '') return true
  if (request.headers.has('Authorization')) return true
  const { current } = state
  if (current === undefined) return false
  const found = findFile(current.manifest, url.pathname)
  if (found === undefined) return true
  return current.manifest.documents === 'origin' && (navigates || isHtml(found.file))
}

/** The API and the scripts of the origin; the manifest below the same folder is content. */
function isReserved(pathname: string): boolean {
  return pathname.startsWith(`/${RESERVED_FOLDER}/`) && pathname !== `/${MANIFEST_PATH}`
}

/** The scripts that a hosted page needs to run its peer. The worker's own is the browser's business. */
export function isPageScript(pathname: string): boolean {
  return pathname === SCRIPT_PATHS.loader || pathname === SCRIPT_PATHS.peer
}
