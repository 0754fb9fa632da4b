import { CONTENT_TYPES, NotFoundError, ValidationError } from '@blackhole/protocol'
import type { HttpContext } from '../http/context.ts'
import { ChunkedResponse } from '../http/chunked-response.ts'
import { counted, primed } from './bodies.ts'
import { carStream } from './car-stream.ts'
import type { DagScope, EntityBytes } from './car-stream.ts'
import { resolveContentPath } from './content-path.ts'
import type { ContentPath } from './content-path.ts'

/** What a trustless request wants. */
export type TrustlessFormat = 'raw' | 'car' | 'ipns-record'

const BY_TYPE: Readonly<Record<string, TrustlessFormat>> = Object.freeze({
  [CONTENT_TYPES.raw]: 'raw',
  [CONTENT_TYPES.car]: 'car',
  [CONTENT_TYPES.record]: 'ipns-record',
})

/** Cache-Control of what never changes. */
const IMMUTABLE = 'public, max-age=29030400, immutable'

/**
 * The verifiable format that a request asks for: `?format=` wins over Accept
 * (trustless gateway specification); undefined when it asks for none.
 *
 * @throws {ValidationError} when `format` is none of ours
 */
export function trustlessFormat(request: Request): TrustlessFormat | undefined {
  const format = new URL(request.url).searchParams.get('format')
  if (format === 'raw' || format === 'car' || format === 'ipns-record') return format
  if (format !== null) throw new ValidationError('format', 'raw, car or ipns-record', format)
  for (const part of (request.headers.get('accept') ?? '').split(',')) {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    const found = BY_TYPE[type]
    if (found === undefined) continue
    const version = parameters.find((parameter) => parameter.startsWith('version='))
    if (found === 'car' && version !== undefined && version !== 'version=1') continue
    return found
  }
  return undefined
}

/** Answers a trustless request for a path. */
export async function serveTrustless(
  context: HttpContext,
  format: TrustlessFormat,
  path: ContentPath,
  request: Request,
): Promise<Response> {
  const response = await serveFormat(context, format, path, request)
  // The same address is a file for who accepts one.
  if (!new URL(request.url).searchParams.has('format')) response.headers.append('Vary', 'Accept')
  return response
}

async function serveFormat(
  context: HttpContext,
  format: TrustlessFormat,
  path: ContentPath,
  request: Request,
): Promise<Response> {
  switch (format) {
    case 'ipns-record':
      return serveRecord(context, path, request)
    case 'raw':
      return serveRaw(context, path, request)
    case 'car':
      return serveCar(context, path, request)
  }
}

function serveRecord(context: HttpContext, path: ContentPath, request: Request): Response {
  const site = path.name === undefined ? undefined : context.sites.get(path.name)
  if (site === undefined) throw new ValidationError('format', 'ipns-record only under /ipns/NAME', path.path)
  const headers = verifiable(
    CONTENT_TYPES.record,
    `${site.name}.ipns-record`,
    `"${site.root}.${String(site.sequence)}.ipns-record"`,
    'public, max-age=60',
  )
  return new Response(request.method === 'HEAD' ? null : site.record, { headers })
}

async function serveRaw(context: HttpContext, path: ContentPath, request: Request): Promise<Response> {
  const cid =
    path.path === ''
      ? path.root
      : (await resolveContentPath(path, context.blocks, { signal: request.signal })).entry.cid
  const headers = verifiable(CONTENT_TYPES.raw, `${cid.toString()}.bin`, `"${cid.toString()}.raw"`, cacheOf(path))
  describe(headers, path, cid.toString())
  if (matches(request, headers)) return new Response(null, { status: 304, headers })
  const size = context.vault.size(cid)
  if (size === undefined) throw new NotFoundError(cid.toString())
  headers.set('Content-Length', String(size))
  if (request.method === 'HEAD') return new Response(null, { headers })
  const bytes = await context.vault.get(cid)
  if (bytes === undefined) throw new NotFoundError(cid.toString())
  return new ChunkedResponse(counted(once(bytes), context.metrics), { headers })
}

async function serveCar(context: HttpContext, path: ContentPath, request: Request): Promise<Response> {
  const { searchParams } = new URL(request.url)
  const scope = scopeOf(searchParams.get('dag-scope'))
  const bytes = entityBytesOf(searchParams.get('entity-bytes'))
  const { entry, way } = await resolveContentPath(path, context.blocks, { signal: request.signal })
  const variant = [
    scope,
    bytes === undefined ? '' : `${String(bytes.from)}-${bytes.to === undefined ? '*' : String(bytes.to)}`,
  ]
    .filter((text) => text !== '')
    .join('.')
  const type = `${CONTENT_TYPES.car}; version=1; order=dfs; dups=n`
  const headers = verifiable(
    type,
    `${entry.cid.toString()}.car`,
    `W/"${path.root.toString()}.${entry.cid.toString()}.${variant}.car"`,
    cacheOf(path),
  )
  describe(headers, path, way.map(String).join(','))
  if (matches(request, headers)) return new Response(null, { status: 304, headers })
  if (request.method === 'HEAD') return new Response(null, { headers })
  const chunks = carStream(
    { root: path.root, way, entry, scope: bytes === undefined ? scope : 'entity', bytes },
    context.vault,
    context.blocks,
  )
  return new ChunkedResponse(await primed(counted(chunks, context.metrics)), { headers })
}

function scopeOf(text: string | null): DagScope {
  if (text === null || text === 'all') return 'all'
  if (text === 'entity' || text === 'block') return text
  throw new ValidationError('dag-scope', 'all, entity or block', text)
}

function entityBytesOf(text: string | null): EntityBytes | undefined {
  if (text === null) return undefined
  const [, from, to] = /^(-?\d{1,15}):(-?\d{1,15}|\*)$/.exec(text) ?? []
  if (from === undefined || to === undefined)
    throw new ValidationError('entity-bytes', 'from:to, such as 0:1023 or 0:*', text)
  return { from: Number(from), to: to === '*' ? undefined : Number(to) }
}

function verifiable(type: string, filename: string, etag: string, cacheControl: string): Headers {
  return new Headers({
    'Content-Type': type,
    'Content-Disposition': `attachment; filename="${filename}"`,
    'Cache-Control': cacheControl,
    ETag: etag,
    'X-Content-Type-Options': 'nosniff',
  })
}

function describe(headers: Headers, path: ContentPath, roots: string): void {
  headers.set(
    'X-Ipfs-Path',
    encodeURI(`/${path.namespace}/${path.name ?? path.root.toString()}${path.path === '' ? '' : `/${path.path}`}`),
  )
  headers.set('X-Ipfs-Roots', roots.slice(0, 4000))
}

function cacheOf(path: ContentPath): string {
  return path.namespace === 'ipfs' ? IMMUTABLE : 'public, max-age=60'
}

function matches(request: Request, headers: Headers): boolean {
  const given = request.headers.get('if-none-match')
  const etag = headers.get('etag')?.replace(/^W\//, '')
  return (
    given !== null &&
    (given.trim() === '*' || given.split(',').some((each) => each.trim().replace(/^W\//, '') === etag))
  )
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
