/**
 * Whether a request loads a document into a tab or frame (Fetch metadata).
 * Only these get a loader tag; what `fetch` gets stays as it was published.
 */
export function isNavigation(request: Request): boolean {
  return (
    request.headers.get('sec-fetch-mode') === 'navigate' &&
    ['document', 'iframe', 'frame'].includes(request.headers.get('sec-fetch-dest') ?? '')
  )
}

/**
 * Whether an explanation is for a person: a navigation, or one that comes
 * through a worker, of which only `Accept` is left (its destination is `empty`
 * then). Not for published content: `fetch` may ask for HTML, too.
 */
export function isForPerson(request: Request): boolean {
  if (isNavigation(request)) return true
  const { headers } = request
  return headers.get('sec-fetch-dest') === 'empty' && /^text\/html\b/.test(headers.get('accept') ?? '')
}

/** Headers that answers depend on, besides the URL. */
export const NAVIGATION_VARY = 'Sec-Fetch-Dest, Sec-Fetch-Mode'

/** Whether a content type is a document that can carry a loader tag. */
export function isHtml(type: string): boolean {
  return /^(text\/html|application\/xhtml\+xml)\b/i.test(type)
}
