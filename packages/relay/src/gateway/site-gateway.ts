import { CONTENT_TYPES, MANIFEST_PATH, RECORD_PRELOAD, ROOT_TIMING, parseCid } from '@blackhole/protocol'
import type { ManifestFile, SiteName } from '@blackhole/protocol'
import { hasLoaderTag, injectLoader, isIconGuess, loaderTag, planResponse, resolvePath } from '@blackhole/site'
import type { ResponsePlan } from '@blackhole/site'
import { readFile } from '../content/read-file.ts'
import { ChunkedResponse, streamOf } from '../http/chunked-response.ts'
import type { HttpContext } from '../http/context.ts'
import type { StoredSite } from '../state/site-table.ts'
import { counted, primed } from './bodies.ts'
import { bootstrapPage, unknownSitePage } from './bootstrap-page.ts'
import { resolveContentPath } from './content-path.ts'
import type { ContentPath } from './content-path.ts'
import { NAVIGATION_VARY, isHtml, isNavigation } from './navigation.ts'
import { respondEntry } from './path-gateway.ts'
import { TRY_AGAIN, textPage } from './text-page.ts'

/** A document with its loader tag has this in its ETag. */
const LOADER_VARIANT = 'loader'

/** By it a worker says what a navigation's own request is to bring while it starts (Service Workers, "navigation preload"). */
const PRELOAD_HEADER = 'Service-Worker-Navigation-Preload'

/** Answers a request for a path of a site on the site's own origin. */
export async function serveSite(context: HttpContext, name: SiteName, request: Request): Promise<Response> {
  const site = context.sites.get(name)
  if (site === undefined) return unknownSitePage(request)
  // The worker has the document, and asks only whether it is the newest.
  if (request.method === 'GET' && request.headers.get(PRELOAD_HEADER) === RECORD_PRELOAD) return preloadedRecord(site)
  if (!context.contentSwitch.serving) return bootstrapPage(name, request)
  return serveVersion(context, site, request)
}

function preloadedRecord({ record }: StoredSite): Response {
  return new Response(record, {
    headers: {
      'Content-Type': CONTENT_TYPES.record,
      'Content-Length': String(record.byteLength),
      // It has the URL of a document.
      'Cache-Control': 'no-store',
      Vary: PRELOAD_HEADER,
      'X-Content-Type-Options': 'nosniff',
    },
  })
}

async function serveVersion(context: HttpContext, site: StoredSite, request: Request): Promise<Response> {
  const { manifest, rules } = await context.contents.get(site.root)
  const { pathname, search } = new URL(request.url)
  if (pathname === `/${MANIFEST_PATH}`) return serveManifest(context, site, request)
  const resolution = resolvePath(manifest, rules, pathname, search)
  const origin = {
    'X-Ipfs-Path': `/ipns/${site.name}${pathname}`,
    'X-Ipfs-Roots': site.root,
    'X-Blackhole-Version': String(site.sequence),
  }
  if (resolution.type === 'redirect') {
    return new Response(null, {
      status: resolution.status,
      headers: { Location: resolution.location, 'Cache-Control': 'public, max-age=0, must-revalidate' },
    })
  }
  if (isIconGuess(pathname, request.headers.get('Sec-Fetch-Dest'), resolution)) {
    return new Response(null, {
      status: 204,
      headers: { ...origin, 'Cache-Control': 'public, max-age=0, must-revalidate', Vary: 'Sec-Fetch-Dest' },
    })
  }
  if (resolution.type === 'none')
    return textPage(resolution.status, resolution.message, request, {
      ways: pathname === '/' ? [TRY_AGAIN] : [{ label: 'Go to the front page', href: '/' }, TRY_AGAIN],
    })
  const navigates = isNavigation(request) && isHtml(resolution.file.type)
  // Whoever has the worker learns of the end from it; a peer would only store again what the worker takes away.
  const injects = navigates && !manifest.retired && !(await carriesLoader(context, resolution.file))
  const plan = planResponse({
    file: resolution.file,
    pathname,
    request,
    status: resolution.status,
    rules: rules.headers,
    variant: injects ? LOADER_VARIANT : undefined,
  })
  for (const [header, value] of Object.entries(origin)) plan.headers.set(header, value)
  if (isHtml(resolution.file.type)) plan.headers.append('Vary', `${NAVIGATION_VARY}, ${PRELOAD_HEADER}`)
  // So that a page that was loaded past the worker keeps its version when the worker comes.
  if (navigates) plan.headers.append('Server-Timing', `${ROOT_TIMING};desc="${site.root}"`)
  plan.headers.set('X-Content-Type-Options', 'nosniff')
  return respond(context, site, resolution.file, plan, injects)
}

/** The manifest is content, but not in the list that it holds. */
async function serveManifest(context: HttpContext, site: StoredSite, request: Request): Promise<Response> {
  const path: ContentPath = {
    namespace: 'ipfs',
    name: undefined,
    root: parseCid(site.root),
    path: MANIFEST_PATH,
    folder: false,
  }
  const { entry } = await resolveContentPath(path, context.blocks, { signal: request.signal })
  const file = { cid: entry.cid.toString(), size: Number(entry.size), type: 'application/json' }
  return respondEntry(context, entry, planResponse({ file, pathname: `/${MANIFEST_PATH}`, request }))
}

async function respond(
  context: HttpContext,
  site: StoredSite,
  file: ManifestFile,
  plan: ResponsePlan,
  injects: boolean,
): Promise<Response> {
  if (plan.ranges.length === 0) return new Response(null, { status: plan.status, headers: plan.headers })
  const chunks = await primed(counted(planned(context, file, plan), context.metrics))
  const { status, headers } = plan
  return injects
    ? new Response(injectLoader(streamOf(chunks), loaderTag(site.name)), { status, headers })
    : new ChunkedResponse(chunks, { status, headers })
}

/** The body that a plan describes. */
async function* planned(context: HttpContext, file: ManifestFile, plan: ResponsePlan): AsyncGenerator<Uint8Array> {
  if (plan.multipart !== undefined) {
    for (const { head, range } of plan.multipart.parts) {
      yield head
      yield* readFile(context.vault, file, range.start, range.end)
    }
    yield plan.multipart.tail
    return
  }
  for (const { start, end } of plan.ranges) yield* readFile(context.vault, file, start, end)
}

/** Whether the document was published with a loader tag, in which case it is sent as it is. */
async function carriesLoader(context: HttpContext, file: ManifestFile): Promise<boolean> {
  for await (const beginning of readFile(context.vault, file, 0, Math.min(file.size, 64 * 1024)))
    return hasLoaderTag(beginning)
  return false
}
