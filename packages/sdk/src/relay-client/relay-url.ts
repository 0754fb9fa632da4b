import { ValidationError } from '@blackhole/protocol'

/**
 * Reads the address of a relay as a person writes it: an http(s) URL whose path is ignored.
 *
 * @returns its origin, without trailing slash
 * @throws {ValidationError}
 */
export function parseRelayUrl(value: unknown, field = 'relay'): string {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new ValidationError(field, 'the address of a relay such as https://relay.example', value)
  }
  if (url.username !== '' || url.password !== '')
    throw new ValidationError(field, 'an address without user and password', url.host)
  return url.origin
}
