import type { IncomingMessage } from 'node:http'

/** Whether a connection comes from a proxy that is believed: one on this machine, when the operator says there is one. */
export function isTrustedProxy(address: string | undefined, trustProxy: boolean): boolean {
  return (
    trustProxy &&
    address !== undefined &&
    (address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.'))
  )
}

/**
 * The address that a request comes from. Behind a trusted proxy it is the last
 * entry of `X-Forwarded-For`: the one that the proxy itself added.
 */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): string | undefined {
  const { remoteAddress } = request.socket
  if (!isTrustedProxy(remoteAddress, trustProxy)) return remoteAddress
  const header = request.headers['x-forwarded-for']
  const last = (Array.isArray(header) ? header.join(',') : header)?.split(',').at(-1)?.trim()
  return last === undefined || last === '' ? remoteAddress : last
}
