import { isNavigation } from './navigation.ts'

const TITLES: Readonly<Record<number, string>> = Object.freeze({
  400: 'This address is not valid',
  404: 'Nothing here',
  410: 'Gone',
  451: 'Not available for legal reasons',
  500: 'This site is set up wrongly',
  503: 'Not served here now',
})

/** A short answer in words: a plain page for people, text for programs. */
export function textPage(status: number, message: string, request: Request): Response {
  const headers = {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
  }
  const body =
    request.method === 'HEAD'
      ? null
      : isNavigation(request)
        ? page(TITLES[status] ?? 'Something went wrong', message)
        : `${message}\n`
  const type = isNavigation(request) ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8'
  return new Response(body, { status, headers: { ...headers, 'Content-Type': type } })
}

/** Minimal page around a title and an HTML body that is already safe. */
export function page(title: string, message: string, extra = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; box-sizing: border-box }
main { max-width: 34rem }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; letter-spacing: -.01em }
p { margin: 0; opacity: .75; overflow-wrap: anywhere }
</style>
${extra}</head>
<body><main><h1>${escapeHtml(title)}</h1><p id="message">${escapeHtml(message)}</p></main></body>
</html>
`
}

/** Text made safe for HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${String(char.charCodeAt(0))};`)
}
