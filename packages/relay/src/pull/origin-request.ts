import { lookup as systemLookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { request as httpRequest } from 'node:http'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { BlackholeError } from '@blackhole/protocol'
import { MAX_HEADER_BYTES } from '../limits.ts'
import { RELAY_VERSION } from '../version.ts'
import { isPublicAddress } from './public-address.ts'

/** Addresses of a host name. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>

/** Asks the system's resolver. */
export const resolveBySystem: ResolveHost = (hostname) => systemLookup(hostname, { all: true, order: 'verbatim' })

/** What {@link requestOrigin} works with. */
export interface OriginRequestComponents {
  resolve: ResolveHost
}

/** A question to an origin. */
export interface OriginRequestInit {
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  /** Addresses of this machine and its networks may be asked. */
  readonly allowPrivate: boolean
  /** Ends the question and its answer. */
  readonly signal: AbortSignal
}

/**
 * Asks an origin by GET, without cookies or `Authorization`, on a connection
 * of its own. The name is resolved first, each of its addresses is checked,
 * and the connection goes to one that was checked: what the name stands for a
 * moment later (DNS rebinding) makes no difference. Follows no redirect.
 *
 * @returns the answer, whose body must be read or destroyed
 * @throws {BlackholeError} `forbidden` when the name stands for an address that is not of the internet,
 * `unavailable` when there is no answer
 */
export async function requestOrigin(
  { resolve }: OriginRequestComponents,
  { url, headers = {}, allowPrivate, signal }: OriginRequestInit,
): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const address = await checkedAddress(resolve, host, allowPrivate, signal)
  const options: RequestOptions = {
    method: 'GET',
    // One connection each: a pooled one would be of a check that is long past.
    agent: false,
    headers: {
      Accept: '*/*',
      'Accept-Encoding': 'identity',
      'User-Agent': `blackhole-relay/${RELAY_VERSION}`,
      ...headers,
    },
    maxHeaderSize: MAX_HEADER_BYTES,
    signal,
    lookup: (_hostname, { all }, callback) => {
      if (all === true) callback(null, [address])
      else callback(null, address.address, address.family)
    },
  }
  return await new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options)
    request.once('response', resolve)
    // Stays for what comes after the answer: the body's reader is told of it too.
    request.on('error', (cause) => {
      reject(new BlackholeError('unavailable', `${url.origin} does not answer: ${cause.message}`, { cause }))
    })
    request.end()
  })
}

async function checkedAddress(
  resolve: ResolveHost,
  host: string,
  allowPrivate: boolean,
  signal: AbortSignal,
): Promise<LookupAddress> {
  signal.throwIfAborted()
  const family = isIP(host)
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        reject(signal.reason as Error)
      },
      { once: true },
    )
  })
  let addresses: readonly LookupAddress[]
  try {
    addresses = family === 0 ? await Promise.race([resolve(host), aborted]) : [{ address: host, family }]
  } catch (cause) {
    throw new BlackholeError('unavailable', `${host} cannot be resolved`, { cause, subject: host })
  }
  const [first] = addresses
  if (first === undefined) throw new BlackholeError('unavailable', `${host} has no address`, { subject: host })
  // All of them: a name that stands for both sides is a way in.
  const inside = addresses.find(({ address }) => !isPublicAddress(address))
  if (inside !== undefined && !allowPrivate) {
    throw new BlackholeError(
      'forbidden',
      `${host} stands for ${inside.address}, which is no address of the internet. The option allowPrivate lets it be asked`,
      { subject: 'allowPrivate' },
    )
  }
  return first
}
