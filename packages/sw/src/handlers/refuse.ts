import { setSourceHeaders } from '../response/source-headers.ts'
import type { Handler, SiteRequest } from './handler.ts'

/** The end of the line: a clear 504, as a page for navigations and as text for everything else. */
export function refuseHandler(): Handler {
  return {
    name: 'refuse',
    canHandle: () => true,
    handle: (request) => Promise.resolve(refusal(request)),
  }
}

const TITLE = 'This page can’t be reached right now'
const REASON =
  'It is not stored in this browser, none of its other visitors is here to share it, and its server does not answer.'

/** The 504 response for a request that nobody could answer. */
export function refusal({ request, navigates }: Pick<SiteRequest, 'request' | 'navigates'>): Response {
  const headers = new Headers({
    'Content-Type': navigates ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ETag: '"blackhole-unreachable"',
  })
  if (navigates) headers.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
  setSourceHeaders(headers, 'local', 0)
  const body = navigates ? PAGE : `${TITLE}. ${REASON}\n`
  return new Response(request.method === 'HEAD' ? null : body, { status: 504, statusText: 'Gateway Timeout', headers })
}

/** Whoever has the page may come any moment, and nobody should have to sit and click. */
const RETRY_SECONDS = 15

/** An empty `href`, and a refresh without an address, are the address itself, query included: retries without a script. */
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${String(RETRY_SECONDS)}">
<title>${TITLE}</title>
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.6 system-ui, sans-serif; margin: 0; display: grid; min-height: 100vh; place-items: center }
main { max-width: 34rem; padding: 2rem }
h1 { font-size: 1.5rem; line-height: 1.3 }
a { display: inline-block; padding: .6rem 1.2rem; border: 2px solid; border-radius: .4rem; color: inherit; text-decoration: none; font-weight: 600 }
a:focus-visible { outline: 3px solid; outline-offset: 3px }
</style>
</head>
<body>
<main>
<h1>${TITLE}</h1>
<p>${REASON}</p>
<p>Check that you are connected to the internet, and try again; the page does so by itself, too. If it stays like this, the site’s owner may have to start its server.</p>
<p><a href="" role="button">Try again</a></p>
</main>
</body>
</html>
`
