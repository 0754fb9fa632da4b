import type { IncomingMessage } from 'node:http'
import type { SiteName } from '@blackhole/protocol'
import { MAX_PROOF_BYTES, MAX_PROOF_REDIRECTS, PULL_ANSWER_MS } from '../limits.ts'
import { requestOrigin } from './origin-request.ts'
import type { OriginRequestComponents } from './origin-request.ts'

/** Where an origin says which pull zones are its own (RFC 8615). */
export const PROOF_PATH = '/.well-known/blackhole.json'

/** What an origin says of a zone. */
export interface Proof {
  /** `shown`: it names the zone. `missing`: it clearly doesn't. `unknown`: it doesn't answer as it should. */
  readonly verdict: 'shown' | 'missing' | 'unknown'
  /** What was found, for whoever has to put it right. */
  readonly found: string
}

/** Content of the file that shows that an origin's owner wants a zone. Several relays' zones stand in one list. */
export function proofContent(site: SiteName): string {
  return JSON.stringify({ sites: [site] })
}

/**
 * Looks whether an origin's owner wants a zone. Redirects are followed within
 * the origin, and each is checked as the first address was.
 */
export async function checkOwnership(
  components: OriginRequestComponents,
  init: {
    readonly origin: string
    readonly site: SiteName
    readonly allowPrivate: boolean
    readonly signal: AbortSignal
  },
): Promise<Proof> {
  const signal = AbortSignal.any([init.signal, AbortSignal.timeout(PULL_ANSWER_MS)])
  const { origin, site, allowPrivate } = init
  let url = new URL(PROOF_PATH, origin)
  try {
    for (let redirects = 0; ; redirects++) {
      const answer = await requestOrigin(components, { url, allowPrivate, signal })
      const { statusCode = 0 } = answer
      const location = answer.headers.location
      if (statusCode < 300 || statusCode > 399 || location === undefined)
        return statusCode === 200 ? await readProof(answer, site) : refusal(answer, statusCode)
      answer.destroy()
      const next = URL.parse(location, url.href)
      if (next?.origin !== origin) return unknown(`a redirect to another origin, ${String(next?.origin)}`)
      if (redirects === MAX_PROOF_REDIRECTS) return unknown(`more than ${String(MAX_PROOF_REDIRECTS)} redirects`)
      url = next
    }
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error))
  }
}

async function readProof(answer: IncomingMessage, site: SiteName): Promise<Proof> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of answer as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength
      if (bytes > MAX_PROOF_BYTES) return missing(`a file of more than ${String(MAX_PROOF_BYTES)} bytes`)
      chunks.push(chunk)
    }
  } finally {
    answer.destroy()
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    const sites = typeof value === 'object' && value !== null && 'sites' in value ? value.sites : undefined
    if (!Array.isArray(sites)) return missing('a file without a list "sites"')
    return sites.includes(site) ? { verdict: 'shown', found: 'the file' } : missing('a file that names other sites')
  } catch {
    return missing('a file that is not JSON')
  }
}

function refusal(answer: IncomingMessage, status: number): Proof {
  answer.destroy()
  return status === 404 || status === 410 ? missing(`status ${String(status)}`) : unknown(`status ${String(status)}`)
}

function missing(found: string): Proof {
  return { verdict: 'missing', found }
}

function unknown(found: string): Proof {
  return { verdict: 'unknown', found }
}
