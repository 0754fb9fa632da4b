import { MANIFEST_PATH } from '@blackhole/protocol'
import type { SiteVersion } from '../version/site-version.ts'
import { answerContent } from './content.ts'
import type { ContentHandlerComponents } from './content.ts'
import type { Handler, SiteRequest } from './handler.ts'

/** What the manifest handler works with. */
export interface ManifestHandlerComponents extends ContentHandlerComponents {
  /** The version that this request gets; undefined when none is known. */
  version: (request: SiteRequest) => Promise<SiteVersion | undefined>
}

/** The manifest of the page's version: content of the site, but not in the list of files that it holds. */
export function manifestHandler(components: ManifestHandlerComponents): Handler {
  return {
    name: 'manifest',
    canHandle: ({ url }) => url.pathname === `/${MANIFEST_PATH}`,
    async handle(request) {
      const version = await components.version(request).catch(() => undefined)
      if (version === undefined) return undefined
      const found = await answerContent(components, request, `/ipfs/${version.root}/${MANIFEST_PATH}`)
      // The CID never changes; which one this address has does.
      found?.headers.set('Cache-Control', 'public, max-age=0, must-revalidate')
      return found
    },
  }
}
