import { labelled } from '../response/source-headers.ts'
import { isPageScript } from './bypass.ts'
import type { Handler } from './handler.ts'

/** What the scripts handler works with. */
export interface ScriptsComponents {
  fetch: (request: Request) => Promise<Response>
  now: () => number
  /** The worker's cache; undefined where Cache Storage can't be used. */
  cache: () => Promise<Pick<Cache, 'match' | 'put'> | undefined>
}

/**
 * Loader and peer of a hosted page: from the relay while it answers, and from
 * the cache when it does not, so that a site whose relay is gone still finds
 * its visitors through another one, and a page offline shows no error.
 */
export function scriptsHandler({ fetch, now, cache }: ScriptsComponents): Handler {
  return {
    name: 'scripts',
    canHandle: ({ url }) => isPageScript(url.pathname),
    async handle({ request, waitUntil }) {
      const began = now()
      try {
        const response = await fetch(request)
        if (response.status === 200) waitUntil(keep(await cache(), request, response.clone()))
        return labelled(request, response, 'http', now() - began)
      } catch (error) {
        const kept = await (await cache())?.match(request, { ignoreSearch: true })
        if (kept === undefined) throw error
        return labelled(request, kept, 'local', now() - began)
      }
    },
  }
}

async function keep(cache: Pick<Cache, 'put'> | undefined, request: Request, response: Response): Promise<void> {
  // No room, or no cache in this window: the relay is asked again next time.
  await cache?.put(request, response).catch(() => undefined)
}
