import type { SiteName } from '@blackhole/protocol'
import { loaderTag } from '@blackhole/site'
import { isNavigation } from './navigation.ts'
import { page, textPage } from './text-page.ts'

/**
 * Starts the peer and loads the page anew once the worker answers for it. When
 * the worker finds nobody who has the site either, this page comes again and
 * waits longer each time, so that it never reloads in a tight loop.
 */
const SCRIPT = `
const key = 'blackhole:bootstrap'
const tries = Number(sessionStorage.getItem(key) ?? 0)
const message = (text) => { const at = document.getElementById('message'); if (at) at.textContent = text }
const failed = (error) => message('The page could not be fetched from its visitors: ' + error.message)
const loader = document.querySelector('script[data-site]')
const loaded = new Promise((resolve, reject) => {
  if (window.blackhole) return resolve()
  loader.addEventListener('load', resolve)
  loader.addEventListener('error', () => reject(new Error('the loader script did not load')))
})
setTimeout(() => {
  loaded.then(() => window.blackhole.ready).then(() => {
    sessionStorage.setItem(key, String(tries + 1))
    location.reload()
  }).catch(failed)
}, Math.min(30000, tries === 0 ? 0 : 1000 * 2 ** tries))
if (tries > 1) message('No visitor who has this page is here right now. Trying again…')
`

/**
 * What a site's origin answers when the relay itself serves nothing of it: a
 * page that fetches the site from its visitors. Its bytes are not content.
 *
 * @param why - `off`: the relay serves no content; `unknown`: it doesn't hold the site
 */
export function bootstrapPage(site: SiteName, request: Request, why: 'off' | 'unknown'): Response {
  const status = why === 'off' ? 503 : 404
  const message =
    why === 'off'
      ? 'This relay introduces visitors, but serves no content itself.'
      : 'This relay does not hold this site.'
  if (!isNavigation(request)) return textPage(status, message, request)
  const extra = `${loaderTag(site)}\n<script>addEventListener('DOMContentLoaded', () => {${SCRIPT}})</script>\n`
  return new Response(
    request.method === 'HEAD' ? null : page('Fetching this page from its visitors', 'One moment…', extra),
    {
      status: why === 'off' ? 200 : 404,
      headers: {
        'Content-Type': 'text/html; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        'X-Robots-Tag': 'noindex',
        'X-Blackhole-Bootstrap': why,
      },
    },
  )
}
