import type { ManifestFile } from '@blackhole/protocol'
import { contentTypeOf, planResponse } from '@blackhole/site'
import type { ResponsePlan } from '@blackhole/site'

import type { UnixFSEntry } from 'ipfs-unixfs-exporter'
import { ChunkedResponse } from '../http/chunked-response.ts'
import type { HttpContext } from '../http/context.ts'
import { counted, primed } from './bodies.ts'
import { resolveContentPath } from './content-path.ts'
import type { ContentPath } from './content-path.ts'
import { NAVIGATION_VARY, isNavigation } from './navigation.ts'
import { textPage } from './text-page.ts'

/** What the answer is chosen by besides the address: a block or a CAR could be asked for, or the script of a worker. */
const PATH_VARY = 'Accept, Service-Worker'

/**
 * Answers `/ipfs/CID/path` and `/ipns/NAME/path` with plain files.
 *
 * Content of all sites would share one origin here, and that of the API: so a
 * navigation to a site's name goes to the site's own origin, everything else
 * is sandboxed (an opaque origin, no scripts), and nothing is given as the
 * script of a worker.
 */
export async function servePath(context: HttpContext, path: ContentPath, request: Request): Promise<Response> {
  if (request.headers.has('service-worker'))
    return textPage(400, 'A service worker cannot be loaded from here: it would control content of others', request)
  const url = new URL(request.url)
  if (path.name !== undefined && isNavigation(request)) {
    const rest = url.pathname.split('/').slice(3).join('/')
    return new Response(null, {
      status: 302,
      headers: { Location: `${context.siteUrl(path.name)}${rest}${url.search}` },
    })
  }
  const { entry } = await resolveContentPath(path, context.blocks, { signal: request.signal })
  if (entry.type === 'directory') return serveFolder(context, path, request, entry)
  if (entry.type !== 'file' && entry.type !== 'raw') return textPage(404, 'This is not a file or folder', request)
  return serveFile(context, path, request, entry, path.path)
}

async function serveFolder(
  context: HttpContext,
  path: ContentPath,
  request: Request,
  entry: UnixFSEntry,
): Promise<Response> {
  const url = new URL(request.url)
  const index = { ...path, path: path.path === '' ? 'index.html' : `${path.path}/index.html` }
  const found = await resolveContentPath(index, context.blocks, { signal: request.signal }).catch(() => undefined)
  if (found === undefined)
    return textPage(404, `${entry.cid.toString()} is a folder without index.html. Ask for ?format=car`, request)
  if (!path.folder) return new Response(null, { status: 301, headers: { Location: `${url.pathname}/${url.search}` } })
  return serveFile(context, path, request, found.entry, index.path)
}

async function serveFile(
  context: HttpContext,
  path: ContentPath,
  request: Request,
  entry: UnixFSEntry,
  name: string,
): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  const file: ManifestFile = {
    cid: entry.cid.toString(),
    size: Number(entry.size),
    type: contentTypeOf(searchParams.get('filename') ?? name),
  }
  const plan = planResponse({ file, pathname, request, immutable: path.namespace === 'ipfs' })
  plan.headers.set('X-Content-Type-Options', 'nosniff')
  plan.headers.set('Content-Security-Policy', 'sandbox')
  plan.headers.append('Vary', path.name === undefined ? PATH_VARY : `${PATH_VARY}, ${NAVIGATION_VARY}`)
  plan.headers.set(
    'X-Ipfs-Path',
    encodeURI(`/${path.namespace}/${path.name ?? path.root.toString()}${path.path === '' ? '' : `/${path.path}`}`),
  )
  plan.headers.set('X-Ipfs-Roots', path.root.toString())
  return respondEntry(context, entry, plan)
}

/** The response that a plan describes, read from a UnixFS file. */
export async function respondEntry(context: HttpContext, entry: UnixFSEntry, plan: ResponsePlan): Promise<Response> {
  if (plan.ranges.length === 0) return new Response(null, { status: plan.status, headers: plan.headers })
  const chunks = await primed(counted(planned(entry, plan), context.metrics))
  return new ChunkedResponse(chunks, { status: plan.status, headers: plan.headers })
}

async function* planned(entry: UnixFSEntry, plan: ResponsePlan): AsyncGenerator<Uint8Array> {
  if (entry.type !== 'file' && entry.type !== 'raw') return
  for (const [at, range] of plan.ranges.entries()) {
    const head = plan.multipart?.parts[at]?.head
    if (head !== undefined) yield head
    yield* entry.content({ offset: range.start, length: range.end - range.start })
  }
  if (plan.multipart !== undefined) yield plan.multipart.tail
}
