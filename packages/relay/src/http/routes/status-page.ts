import type { HttpApp, HttpContext } from '../context.ts'
import { STATUS_PAGE } from '../status-page.ts'

/** The operator's page at `/` of the relay's own origin. */
export function statusPageRoutes(app: HttpApp, _context: HttpContext): void {
  app.get('/', (c, next) => {
    if (c.get('target').kind !== 'relay') return next()
    return Promise.resolve(
      c.html(STATUS_PAGE, 200, {
        'Cache-Control': 'no-store',
        'Content-Security-Policy':
          "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
      }),
    )
  })
}
