import { isForPerson } from './navigation.ts'

const TITLES: Readonly<Record<number, string>> = Object.freeze({
  400: 'This address is not right',
  404: 'Nothing here',
  410: 'This is gone',
  421: 'No site here',
  451: 'Not available for legal reasons',
  500: 'This site is set up wrongly',
  503: 'Not served here now',
  504: 'This takes too long',
})

/** A way on from a page. */
export interface Way {
  readonly label: string
  readonly href: string
}

/** An empty `href` is the address itself, query included: a retry without a script. */
export const TRY_AGAIN: Way = Object.freeze({ label: 'Try again', href: '' })

/** Where the relay's own origin says how it is. */
export const STATUS_WAY: Way = Object.freeze({ label: 'About this relay', href: '/' })

/** What a page for people has beside its message. */
export interface TextPageOptions {
  /** Default: what the status means. */
  readonly title?: string
  /** The message in words for visitors; default: the one that programs get. */
  readonly sentence?: string | undefined
  /** Default: the same address once more. */
  readonly ways?: readonly Way[]
}

/** A short answer in words: a plain page for people, text for programs. */
export function textPage(status: number, message: string, request: Request, options: TextPageOptions = {}): Response {
  const forPerson = isForPerson(request)
  const body = forPerson
    ? page(
        options.title ?? TITLES[status] ?? 'Something went wrong',
        options.sentence ?? `${message.replace(/[.!?]$/, '')}.`,
        {
          ways: options.ways ?? [TRY_AGAIN],
        },
      )
    : `${message}\n`
  return new Response(request.method === 'HEAD' ? null : body, {
    status,
    headers: {
      'Content-Type': `text/${forPerson ? 'html' : 'plain'}; charset=utf-8`,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      // The icon is a `data:` URL, so that nothing asks for another.
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    },
  })
}

/** The ring of the status page. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Ccircle cx='16' cy='16' r='9' fill='none' stroke='%237a5cff' stroke-width='5'/%3E%3C/svg%3E"

/** What {@link page} holds beside title and message. */
export interface PageParts {
  readonly ways?: readonly Way[]
  /** Markup for the head. */
  readonly head?: string
  /** The ways are there, but not shown until something shows them. */
  readonly waysHidden?: boolean
}

/** Minimal page around a title and a message, in the look of the relay's status page. */
export function page(title: string, message: string, { ways = [], head = '', waysHidden = false }: PageParts): string {
  const links = ways.map(
    ({ label, href }, index) =>
      `<a href="${escapeHtml(href)}"${index === 0 ? ' class="first"' : ''}>${escapeHtml(label)}</a>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${ICON}">
<style>
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f6f9, #0e0e13); --text: light-dark(#1a1a24, #ececf3); --quiet: light-dark(#5d5d70, #9c9cb0);
  --line: light-dark(#cfcfda, #3a3a48); --accent: light-dark(#5b3fe0, #9d86ff);
  font: 1rem/1.6 system-ui, sans-serif; color: var(--text); background: var(--ground);
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; box-sizing: border-box }
main { width: min(34rem, 100%) }
svg { display: block; width: 2.5rem; height: 2.5rem; margin-bottom: 1.25rem }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 .5rem; letter-spacing: -.02em; text-wrap: balance }
p { margin: 0; color: var(--quiet); overflow-wrap: anywhere }
nav { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem } nav[hidden] { display: none }
a { padding: .5rem 1.1rem; border: 1px solid var(--line); border-radius: .5rem; color: inherit; text-decoration: none; font-weight: 600; font-size: .9375rem }
a.first { border-color: var(--accent); color: var(--accent) }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px }
</style>
${head}</head>
<body>
<main>
<svg viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="9" fill="none" stroke="var(--accent)" stroke-width="4"/><ellipse cx="16" cy="16" rx="15" ry="4" fill="none" stroke="var(--accent)" stroke-width="1.5" transform="rotate(-18 16 16)"/></svg>
<h1 id="title">${escapeHtml(title)}</h1>
<p id="message" role="status">${escapeHtml(message)}</p>
${links.length === 0 ? '' : `<nav id="ways"${waysHidden ? ' hidden' : ''}>${links.join('')}</nav>\n`}</main>
</body>
</html>
`
}

/** Text made safe for HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${String(char.charCodeAt(0))};`)
}
