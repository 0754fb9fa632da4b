import { API_PATH, ValidationError } from '@blackhole/protocol'
import { HISTORY_SPANS, type HistorySpan } from '../../history/history.ts'
import type { HttpApp, HttpContext } from '../context.ts'
import { statusOf } from '../status.ts'

/** For the operator's machinery: is it up, what does it do. */
export function operationRoutes(app: HttpApp, context: HttpContext): void {
  // A site may have files of these names on its own origin.
  app.get('/healthz', (c, next) => {
    if (c.get('target').kind !== 'relay') return next()
    c.header('Cache-Control', 'no-store')
    // Before all runs, and while it stops, the front server says 503.
    return Promise.resolve(c.json({ status: 'ready' }))
  })
  app.get('/metrics', async (c, next) => {
    if (c.get('target').kind !== 'relay') return next()
    const text = await context.metrics.registry.metrics()
    return c.body(text, 200, { 'Content-Type': context.metrics.registry.contentType, 'Cache-Control': 'no-store' })
  })
  app.get(`${API_PATH}/status`, (c) => {
    c.header('Cache-Control', 'no-store')
    return c.json(statusOf(context))
  })
  app.get(`${API_PATH}/history`, (c) => {
    const span = c.req.query('span') ?? 'hour'
    if (!isSpan(span)) throw new ValidationError('span', Object.keys(HISTORY_SPANS).join(' or '), span)
    c.header('Cache-Control', 'no-store')
    return c.json(context.history.read(span))
  })
}

function isSpan(text: string): text is HistorySpan {
  return Object.hasOwn(HISTORY_SPANS, text)
}
