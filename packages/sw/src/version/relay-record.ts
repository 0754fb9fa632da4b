import { CONTENT_TYPES, MAX_RECORD_BYTES, NotFoundError, relayPaths } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import type { PreloadedRecord } from '../start/preloaded-record.ts'
import { readBounded } from '../piece-source/read-bounded.ts'
import type { HttpComponents } from '../piece-source/relay-pieces.ts'

/** The record of a site as one relay has it; unchecked. */
async function fetchRelayRecord(
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

/** Asks all relays for the record of their site: one promise each. What the browser asked `origin` for already is not asked again. */
export function relayRecords(
  components: HttpComponents,
  { relays, site }: { readonly relays: readonly string[]; readonly site: SiteName },
  origin: string,
): (signal: AbortSignal, preloaded?: Promise<PreloadedRecord>) => readonly Promise<Uint8Array<ArrayBuffer>>[] {
  return (signal, preloaded) =>
    relays.map(async (relay) => {
      const answer = relay === origin ? await preloaded : undefined
      if (answer === 'unreachable') throw new NotFoundError(`The record of ${site} at ${relay}`)
      return answer ?? (await fetchRelayRecord(components, relay, site, signal))
    })
}
