import { ValidationError } from '@blackhole/protocol'
import { MAX_PULL_ZONES } from '../limits.ts'

/**
 * Reads the origins to pull from: a list, or a text with commas.
 *
 * @throws {ValidationError} naming the option
 */
export function readPullOrigins(option: string, value: unknown): readonly string[] {
  const given: unknown = typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value
  if (!Array.isArray(given) || given.length > MAX_PULL_ZONES)
    throw new ValidationError(option, `a list of at most ${String(MAX_PULL_ZONES)} origins`, value)
  const origins = given.filter((each) => each !== '').map((each: unknown) => readOrigin(option, each))
  return Object.freeze([...new Set(origins)])
}

function readOrigin(option: string, value: unknown): string {
  const url = typeof value === 'string' ? URL.parse(value) : null
  const isOrigin =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === ''
  if (!isOrigin) throw new ValidationError(option, 'an http or https origin, such as https://example.com', value)
  return url.origin
}
