import type { Resolution } from './resolve-path.ts'

/**
 * Whether a browser asks for `/favicon.ico` of its own accord, at a site that
 * has none: browsers guess that path for pages that name no icon (HTML, "link
 * type icon"). No page asked, so "there is nothing" is no error: answered with
 * 204, since a 404 shows up in the console of every such page. Whoever reads
 * the path with `fetch` gets the 404.
 *
 * @param destination - what the request is for: `Request.destination`, or the header `Sec-Fetch-Dest`
 */
export function isIconGuess(pathname: string, destination: string | null, resolution: Resolution): boolean {
  return pathname === '/favicon.ico' && destination === 'image' && isMissing(resolution)
}

function isMissing(resolution: Resolution): boolean {
  return resolution.type !== 'redirect' && resolution.status === 404
}
