import { Hono } from 'hono'
import { API_PATH, NotFoundError } from '@blackhole/protocol'
import { STATUS_WAY, TRY_AGAIN, textPage } from '../gateway/text-page.ts'
import { clientAddress } from './client-address.ts'
import type { HttpApp, HttpContext, HttpEnv } from './context.ts'
import { CORS_HEADERS, preflight } from './cors.ts'
import { errorAnswer, errorResponse } from './errors.ts'
import { hostNameOf } from './hosts.ts'
import { adminRoutes } from './routes/admin.ts'
import { assetRoutes } from './routes/assets.ts'
import { blockRoutes } from './routes/blocks.ts'
import { contentRoutes } from './routes/content.ts'
import { infoRoutes } from './routes/info.ts'
import { manifestRoutes } from './routes/manifest.ts'
import { operationRoutes } from './routes/operations.ts'
import { recordRoutes } from './routes/record.ts'
import { reportRoutes } from './routes/report.ts'
import { scriptRoutes } from './routes/scripts.ts'
import { statusPageRoutes } from './routes/status-page.ts'
import { wantRoutes } from './routes/want.ts'
import { tokenRoutes } from './routes/token.ts'

/** Everything that the relay answers over HTTP. */
export function createApp(context: HttpContext): HttpApp {
  const app: HttpApp = new Hono<HttpEnv>()
  app.use('*', async (c, next) => {
    const host = c.env.incoming.headers.host
    let target = context.hosts.resolve(host)
    if (target.kind === 'unknown') {
      const name = await context.dnslink?.lookUp(hostNameOf(host ?? ''))
      if (name !== undefined) target = { kind: 'site', name }
    }
    if (target.kind === 'unknown') {
      const host = target.host.slice(0, 100)
      const { siteScheme, siteHost } = context.info()
      return textPage(421, `This relay has no site at ${host}`, c.req.raw, {
        sentence: `The address ${host} leads to this relay, but the relay knows no site by that name. Check how it is written.`,
        ways: [TRY_AGAIN, { ...STATUS_WAY, href: `${siteScheme}://${siteHost}/` }],
      })
    }
    c.set('target', target)
    c.set('address', clientAddress(c.env.incoming, context.init.trustProxy) ?? '')
    await next()
    context.metrics.answered(c.res.status)
    return undefined
  })
  app.use(`${API_PATH}/*`, async (c, next) => {
    if (c.req.method === 'OPTIONS') return preflight()
    await next()
    if (c.res.headers.get('Content-Type')?.startsWith('application/json') === true) {
      // With its length, so that a client knows before it reads whether it wants so much.
      const body = await c.res.bytes()
      c.res = new Response(body, c.res)
      c.res.headers.set('Content-Length', String(body.byteLength))
    }
    for (const [name, value] of Object.entries(CORS_HEADERS)) c.res.headers.set(name, value)
    c.res.headers.set('X-Content-Type-Options', 'nosniff')
    return undefined
  })
  app.on('OPTIONS', ['/ipfs/*', '/ipns/*'], () => preflight())
  wantRoutes(app, context)
  operationRoutes(app, context)
  infoRoutes(app, context)
  recordRoutes(app, context)
  blockRoutes(app, context)
  manifestRoutes(app, context)
  tokenRoutes(app, context)
  assetRoutes(app, context)
  reportRoutes(app, context)
  adminRoutes(app, context)
  app.all(`${API_PATH}/*`, (c) => errorResponse(new NotFoundError(`${c.req.method} ${c.req.path}`)))
  scriptRoutes(app, context)
  statusPageRoutes(app, context)
  contentRoutes(app, context)
  app.notFound((c) => textPage(404, 'There is nothing at this address', c.req.raw, { ways: [STATUS_WAY] }))
  app.onError((error, c) => {
    if (errorAnswer(error).status === 500) context.log.error({ err: error, path: c.req.path }, 'a request failed')
    return errorResponse(error, CORS_HEADERS)
  })
  return app
}
