import { basename } from 'node:path/posix'
import { SCRIPT_PATHS } from '@blackhole/protocol'
import type { HttpApp, HttpContext } from '../context.ts'
import { withCors } from '../cors.ts'

/**
 * Loader, worker and peer: below the reserved folder of every origin, and at
 * the root of the relay's own. On a site's origin the worker comes in two parts.
 */
export function scriptRoutes(app: HttpApp, context: HttpContext): void {
  const serve = async (request: Request, name: string): Promise<Response | undefined> => {
    if (!context.scripts.isScript(name)) return undefined
    const script = await context.scripts.get(name, request.headers.get('accept-encoding') ?? '')
    if (script === undefined) return new Response('This relay was started without scripts\n', { status: 404 })
    const headers = new Headers({
      'Content-Type': 'text/javascript; charset=utf-8',
      // The browser asks for the worker itself when it checks for an update; the other two are asked for at
      // every page, and an older one of them still talks to a newer worker.
      'Cache-Control': isWorker(name)
        ? 'public, max-age=0, must-revalidate'
        : 'public, max-age=300, stale-while-revalidate=604800',
      Vary: 'Accept-Encoding',
      'X-Content-Type-Options': 'nosniff',
      ETag: script.etag,
    })
    if (script.encoding !== undefined) headers.set('Content-Encoding', script.encoding)
    if (isWorker(name)) headers.set('Service-Worker-Allowed', '/')
    const unchanged = request.headers.get('if-none-match') === script.etag
    if (!unchanged) headers.set('Content-Length', String(script.bytes.byteLength))
    const body = unchanged || request.method === 'HEAD' ? null : script.bytes
    return withCors(new Response(body, { status: unchanged ? 304 : 200, headers }))
  }
  app.get('/.blackhole/:script', async (c, next) => {
    const name = c.get('target').kind === 'site' ? siteScript(c.req.param('script')) : c.req.param('script')
    const response = await serve(c.req.raw, name)
    return response ?? next()
  })
  app.get('/:script', async (c, next) => {
    if (c.get('target').kind !== 'relay') return next()
    const response = await serve(c.req.raw, c.req.param('script'))
    return response ?? next()
  })
}

function isWorker(name: string): boolean {
  return name === 'blackhole-sw.js' || name === 'blackhole-sw-start.js'
}

/** A site's worker is registered with a small script, which runs the whole one when it has to. */
function siteScript(name: string): string {
  if (name === basename(SCRIPT_PATHS.worker)) return 'blackhole-sw-start.js'
  return name === basename(SCRIPT_PATHS.wholeWorker) ? 'blackhole-sw.js' : name
}
