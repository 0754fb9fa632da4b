import { parseContentPath } from '../../gateway/content-path.ts'
import { servePath } from '../../gateway/path-gateway.ts'
import { serveSite } from '../../gateway/site-gateway.ts'
import { serveTrustless, trustlessFormat } from '../../gateway/trustless.ts'
import { sentenceOf } from '../../gateway/sentences.ts'
import { textPage } from '../../gateway/text-page.ts'
import type { HttpApp, HttpContext } from '../context.ts'
import { withCors } from '../cors.ts'
import { errorAnswer } from '../errors.ts'

/** Content: verifiable under `/ipfs` and `/ipns` of every origin, sites on their own. */
export function contentRoutes(app: HttpApp, context: HttpContext): void {
  const gateway = async (request: Request): Promise<Response> => {
    try {
      const format = trustlessFormat(request)
      const path = parseContentPath(new URL(request.url).pathname, context.sites)
      // A record is not content: it is given whatever the switch says.
      if (!context.contentSwitch.serving && format !== 'ipns-record')
        return withCors(textPage(503, 'This relay serves no content', request))
      return withCors(
        format === undefined
          ? await servePath(context, path, request)
          : await serveTrustless(context, format, path, request),
      )
    } catch (error) {
      const { status, body } = errorAnswer(error)
      if (status === 500) context.log.error({ err: error }, 'the gateway failed')
      return withCors(textPage(status, body.message, request, { sentence: sentenceOf(body) }))
    }
  }
  app.on(['GET', 'HEAD'], ['/ipfs/*', '/ipns/*'], (c) => gateway(c.req.raw))
  app.on(['GET', 'HEAD'], '*', async (c, next) => {
    const target = c.get('target')
    if (target.kind !== 'site') return next()
    try {
      return await serveSite(context, target.name, c.req.raw)
    } catch (error) {
      const { status, body } = errorAnswer(error)
      if (status >= 500) context.log.error({ err: error, site: target.name }, 'serving a site failed')
      return textPage(status === 404 ? 503 : status, body.message, c.req.raw, { sentence: sentenceOf(body) })
    }
  })
}
