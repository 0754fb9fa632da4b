import type { SiteName } from '@blackhole/protocol'
import { loaderTag } from '@blackhole/site'
import { isForPerson } from './navigation.ts'
import { TRY_AGAIN, page, textPage } from './text-page.ts'

/**
 * Starts the peer and loads the page anew once the worker answers for it. When
 * the worker finds nobody who has the site either, this page comes again. It
 * remembers that in the tab: it waits longer each time, up to half a minute,
 * unless another visitor is connected meanwhile, and says so once 15 seconds
 * have passed. What is remembered ends two minutes
 * after the last try, so that a page that came meanwhile does not count.
 */
const SCRIPT = `
const KEY = 'blackhole:bootstrap'
const stored = () => { try { return JSON.parse(sessionStorage.getItem(KEY)) } catch { return null } }
const store = (value) => { try { value ? sessionStorage.setItem(KEY, JSON.stringify(value)) : sessionStorage.removeItem(KEY) } catch {} }
const past = stored()
const now = Date.now()
const { tries, since } = past && now - past.at < 120000 ? past : { tries: 0, since: now }
const at = (id) => document.getElementById(id)
const say = (title, text) => { at('title').textContent = document.title = title; at('message').textContent = text; at('ways').hidden = false }
at('ways').addEventListener('click', () => store(null))
const loader = document.querySelector('script[data-site]')
const loaded = new Promise((resolve, reject) => {
  if (window.blackhole) return resolve()
  loader.addEventListener('load', resolve)
  loader.addEventListener('error', () => reject(new Error('the loader script did not load')))
})
const honest = setTimeout(() => {
  say('Still looking for this page', 'No visitor who has it is here right now, and this relay serves no content itself. This page goes on trying, with longer and longer pauses.')
}, Math.max(0, since + 15000 - now))
const again = () => {
  store({ tries: tries + 1, since, at: Date.now() })
  location.reload()
}
setTimeout(async () => {
  try {
    await loaded
    await window.blackhole.ready
    again()
  } catch (error) {
    clearTimeout(honest)
    say('This page could not be fetched', 'It comes from its visitors, and this browser could not join them: ' + error.message)
  }
}, tries === 0 ? 0 : Math.min(30000, 1000 * 2 ** tries))
loaded.then(() => {
  window.blackhole.addEventListener('statuschange', ({ detail }) => {
    if (tries > 0 && detail.peers > 0) setTimeout(again, Math.max(1000, now + 4000 - Date.now()))
  })
}, () => {})
`

/** What a site's origin answers when the relay does not hold the site: it introduces nobody for it either, so there is no use in asking. */
export function unknownSitePage(request: Request): Response {
  return textPage(404, 'This relay does not hold this site.', request, {
    title: 'Nobody here has this site',
    sentence:
      'This relay does not hold it, and knows nobody who does. Check the address, or try again once the site is published here.',
  })
}

/**
 * What a site's origin answers while the relay serves no content: a page that
 * fetches the site from its visitors. Its bytes are not content.
 */
export function bootstrapPage(site: SiteName, request: Request): Response {
  if (!isForPerson(request))
    return textPage(503, 'This relay introduces visitors, but serves no content itself.', request)
  const body = page('Fetching this page from its visitors', 'One moment…', {
    ways: [TRY_AGAIN],
    waysHidden: true,
    head: `${loaderTag(site)}\n<script>addEventListener('DOMContentLoaded', () => {${SCRIPT}})</script>\n`,
  })
  return new Response(request.method === 'HEAD' ? null : body, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'X-Robots-Tag': 'noindex',
      'X-Blackhole-Bootstrap': 'off',
    },
  })
}
