import type { ManifestFile } from '@blackhole/protocol'

/** Names the variant of a document that got the loader tag, in its ETag; the gateway uses the same. */
export const LOADER_VARIANT = 'loader'

/** Whether a file is a document that can carry a loader tag. */
export function isHtml({ type }: Pick<ManifestFile, 'type'>): boolean {
  return /^(text\/html|application\/xhtml\+xml)\b/i.test(type)
}

/** Whether a request loads a document into a tab or frame. */
export function isDocumentRequest({ destination }: Pick<Request, 'destination'>): boolean {
  return destination === 'document' || destination === 'iframe' || destination === 'frame'
}
