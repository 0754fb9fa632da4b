import { CONTENT_TYPES, MAX_RECORD_BYTES } from '@blackhole/protocol'
import { readBounded } from '../piece-source/read-bounded.ts'

/**
 * What became of the browser's question for the site's record: its bytes, unchecked; `unreachable` when nobody
 * answered; undefined when nothing was asked (no navigation, no preload), or what came is something else.
 */
export type PreloadedRecord = Uint8Array<ArrayBuffer> | 'unreachable' | undefined

/** The site's record that the browser asks for while it starts the worker (navigation preload). Never rejects. */
export async function preloadedRecord(event: Pick<FetchEvent, 'preloadResponse'>): Promise<PreloadedRecord> {
  try {
    const response = (await event.preloadResponse) as Response | undefined
    if (response === undefined) return undefined
    if (response.ok && response.headers.get('Content-Type') === CONTENT_TYPES.record)
      return await readBounded(response, MAX_RECORD_BYTES)
    await response.body?.cancel()
    return undefined
  } catch {
    return 'unreachable'
  }
}
