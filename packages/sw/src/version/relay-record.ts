import { CONTENT_TYPES, MAX_RECORD_BYTES, NotFoundError, relayPaths } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { readBounded } from '../piece-source/read-bounded.ts'
import type { HttpComponents } from '../piece-source/relay-pieces.ts'

/** The record of a site as one relay has it; unchecked. */
export async function fetchRelayRecord(
  { fetch }: HttpComponents,
  relay: string,
  site: SiteName,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`${relay}${relayPaths.record(site)}`, {
    signal,
    headers: { Accept: CONTENT_TYPES.record },
    cache: 'no-store',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw new NotFoundError(`The record of ${site} at ${relay}`)
  }
  return await readBounded(response, MAX_RECORD_BYTES)
}
