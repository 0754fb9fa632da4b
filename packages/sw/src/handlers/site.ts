import type { ManifestFile, Source } from '@blackhole/protocol'
import { findFile, injectLoader, isIconGuess, loaderTag, planResponse, resolvePath } from '@blackhole/site'
import type { Resolution } from '@blackhole/site'
import type { WorkerConfig } from '../config.ts'
import { isMedia } from '../media/is-media.ts'
import type { LookAhead } from '../media/look-ahead.ts'
import { OriginChangedError } from '../piece-source/origin-pieces.ts'
import type { FetchedPiece, Piece, PieceDemand, ResponseTraits } from '../piece-source/piece-source.ts'
import { LOADER_VARIANT, isDocumentRequest, isHtml } from '../response/document.ts'
import { reportBrokenBody } from '../response/broken-body.ts'
import { fileParts } from '../response/file-parts.ts'
import { ResponseProgress } from '../response/response-progress.ts'
import { beyondAhead, pieceBody } from '../response/piece-body.ts'
import { setSourceHeaders, sourceOf } from '../response/source-headers.ts'
import type { DocumentAnswer } from '../ready-answers.ts'
import type { SiteVersion } from '../version/site-version.ts'
import type { Outgoing } from '../upkeep/stay-awake.ts'
import { isContentPath } from './content-path.ts'
import type { Handler, SiteRequest } from './handler.ts'
import { refusal } from './refuse.ts'
import { mayOutlast, toNetwork } from './to-network.ts'

/** What the site handler works with. */
export interface SiteComponents {
  readonly config: WorkerConfig
  now: () => number
  /** The version that this request gets; undefined when none is known. */
  version: (request: SiteRequest) => Promise<SiteVersion | undefined>
  /** One checked piece, from wherever it is soonest. */
  piece: (piece: Piece, demand: PieceDemand, traits: ResponseTraits) => Promise<FetchedPiece>
  /** For each CID, whether it is in this browser. */
  stored: (cids: readonly string[]) => Promise<boolean[]>
  /** Protects pieces from eviction until the promise settles. */
  protect: (cids: readonly string[], until: Promise<unknown>) => void
  /** A response of several pieces began; it ends with the promise. */
  streaming: (until: Promise<unknown>) => void
  /** Knows what players ask for next. */
  readonly media: Pick<LookAhead, 'asked' | 'answered'>
  outgoing: Outgoing
  /** Whether the browser would end a long response, with no page to prevent that. */
  isAlone: () => Promise<boolean>
  /** Bytes arrived: those of a whole piece, or those that were read of a stored one. */
  count: (source: Source, bytes: number) => void
  /** The origin's file is not what was published. */
  originChanged: (version: SiteVersion, url: URL) => void
  /** A navigation gets this whole document; it is a clone, and may be read. */
  answered: (request: SiteRequest, version: SiteVersion, answer: DocumentAnswer) => void
  /** A file of the site was served in tag mode: the origin may be asked about it. */
  served: (request: SiteRequest, version: SiteVersion, path: string, file: ManifestFile) => void
}

/** Read-ahead pieces are needed one after the other, at about this distance. */
const AHEAD_MS = 100

/** Files of the site, from this browser, from peers, or over HTTP: whatever is first, and all of it checked. */
export function siteHandler(components: SiteComponents): Handler {
  return {
    name: 'site',
    // Content by CID or name is the relay's to answer where the worker can't.
    canHandle: ({ url }) => !isContentPath(url.pathname, components.config.mode),
    async handle(request) {
      const version = await components.version(request).catch(() => 'lost' as const)
      if (version === 'lost') return components.config.mode === 'hosted' ? refusal(request) : undefined
      if (version === undefined) return undefined
      const resolution = resolve(components, request, version)
      if (resolution === undefined) return undefined
      if (isIconGuess(request.url.pathname, request.request.destination, resolution)) return noIcon(components, version)
      if (resolution.type === 'file') return await respond(components, request, version, resolution)
      return answer(components, request, version, resolution)
    },
  }
}

function resolve(
  { config }: SiteComponents,
  { url, navigates }: SiteRequest,
  { manifest, rules }: SiteVersion,
): Resolution | undefined {
  if (config.mode === 'hosted') return resolvePath(manifest, rules, url.pathname, url.search)
  const found = findFile(manifest, url.pathname)
  if (found === undefined || (manifest.documents === 'origin' && (navigates || isHtml(found.file)))) return undefined
  return { ...found, type: 'file', status: 200, by: 'path' }
}

/** The site has no icon, and no page said that it had. */
function noIcon({ now }: SiteComponents, { root }: SiteVersion): Response {
  const began = now()
  const headers = new Headers({ ETag: `"${root}"`, 'Cache-Control': 'public, max-age=0, must-revalidate' })
  setSourceHeaders(headers, 'local', now() - began)
  return new Response(null, { status: 204, headers })
}

/** Answers that have no file: redirects and errors. */
function answer(
  { now }: SiteComponents,
  { request }: SiteRequest,
  { root }: SiteVersion,
  resolution: Exclude<Resolution, { type: 'file' }>,
): Response {
  const began = now()
  const headers = new Headers({ ETag: `"${root}"`, 'Cache-Control': 'public, max-age=0, must-revalidate' })
  setSourceHeaders(headers, 'local', now() - began)
  if (resolution.type === 'redirect') {
    headers.set('Location', resolution.location)
    return new Response(null, { status: resolution.status, headers })
  }
  headers.set('Content-Type', 'text/plain; charset=utf-8')
  headers.set('X-Content-Type-Options', 'nosniff')
  return new Response(request.method === 'HEAD' ? null : `${resolution.message}\n`, {
    status: resolution.status,
    headers,
  })
}

async function respond(
  components: SiteComponents,
  request: SiteRequest,
  version: SiteVersion,
  { path, file, status }: Extract<Resolution, { type: 'file' }>,
): Promise<Response | undefined> {
  const { config, now } = components
  const began = now()
  const injects =
    config.mode === 'hosted' &&
    !version.manifest.retired &&
    request.navigates &&
    isHtml(file) &&
    isDocumentRequest(request.request)
  const plan = planResponse({
    file,
    pathname: request.url.pathname,
    request: request.request,
    status,
    rules: version.rules.headers,
    variant: injects ? LOADER_VARIANT : undefined,
  })
  const { headers } = plan
  if (isHtml(file)) headers.append('Vary', 'Sec-Fetch-Dest, Sec-Fetch-Mode')
  if (plan.ranges.length === 0) {
    setSourceHeaders(headers, 'local', now() - began)
    return new Response(null, { status: plan.status, headers })
  }

  const { pathname } = request.url
  const { start = 0 } = plan.ranges[0] ?? {}
  const spareMs = isMedia({ file })
    ? await components.media.asked({ manifest: version.manifest, clientId: request.clientId, pathname, start })
    : undefined
  const plain = [...headers]
  const progress = new ResponseProgress(now())
  const first = Promise.withResolvers<FetchedPiece>()
  let asked = 0
  const ended = Promise.withResolvers<undefined>()
  const destination = request.request.destination
  const layout = fileParts(file, plan, request.url.pathname + request.url.search, async (piece, need) => {
    // Of those after it, so many are asked for with it.
    const beyond = beyondAhead(++asked, need.ahead)
    const rest = (): Piece[] => layout.pieces.slice(beyond).filter(({ cid }) => missing.has(cid))
    const several = layout.cids.length > 1 && { progress, rest }
    const traits = { destination, bytes: layout.bytes, ahead: need.ahead, spareMs, ...several }
    const demand = {
      deadlineMs: need.ahead * AHEAD_MS,
      signal: need.signal,
      begun: asked > 1,
      missing: missing.delete(piece.cid),
    }
    const fetched = components.piece(piece, demand, traits)
    // The head waits for the piece that is needed first. Later ones are the body's own affair.
    if (asked === 1) fetched.then(first.resolve, first.reject)
    const { source, bytes } = await fetched
    components.count(source, source === 'local' ? need.bytes : bytes.byteLength)
    if (bytes.byteLength === file.size) components.media.answered(path, piece.cid, bytes)
    return await fetched
  })
  const stored = await components.stored(layout.cids)
  const missing = new Set(layout.cids.filter((_, index) => stored[index] !== true))
  const onBroken = (error: unknown, delivered: number): void => {
    reportBrokenBody({ url: request.url.href, delivered, promised: layout.bytes, error })
    // Too late for this response; a reload gets all of it from the origin.
    if (error instanceof OriginChangedError) components.originChanged(version, request.url)
  }
  const pieces = pieceBody(layout.parts, {
    onBroken,
    onEnd: (error) => {
      first.reject(error ?? new DOMException('The body has ended', 'AbortError'))
      ended.resolve(undefined)
    },
  })
  const { body, taken: over = ended.promise } = components.outgoing(pieces, onBroken)
  request.waitUntil(over)
  if (layout.cids.length > 1) {
    components.streaming(over)
    components.protect(layout.cids, over)
  }
  try {
    const { source } = await first.promise
    if (source === 'http' && mayOutlast(request, layout.bytes) && (await components.isAlone())) {
      await body.cancel().catch(() => undefined)
      return toNetwork(request)
    }
    setSourceHeaders(headers, sourceOf(source, stored), now() - began)
  } catch (error) {
    // Nothing was sent yet: someone else may still answer. A body that was failed in time can't be cancelled any more.
    await body.cancel(error).catch(() => undefined)
    request.request.signal.throwIfAborted()
    if (config.mode === 'hosted') return refusal(request)
    if (error instanceof OriginChangedError) components.originChanged(version, request.url)
    return undefined
  }
  if (config.mode === 'tag') components.served(request, version, path, file)
  const response = new Response(injects ? injectLoader(body, loaderTag(config.site)) : body, {
    status: plan.status,
    headers,
  })
  const isWhole = plan.status === 200 && request.request.method === 'GET' && plan.multipart === undefined
  if (config.mode === 'hosted' && isWhole && request.navigates && isDocumentRequest(request.request))
    components.answered(request, version, { headers: plain, bytes: layout.bytes, body: () => response.clone() })
  return response
}
