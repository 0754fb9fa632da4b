import { UsageError } from './failure.ts'

/** Relay that is asked when none is named: the one that `blackhole relay` starts. */
export const DEFAULT_RELAY = 'http://localhost:8080'

/**
 * Reads a URL given by hand and returns its origin.
 *
 * @param option - how the error names it
 * @throws {UsageError} when it is no http(s) URL, or has more than an origin has
 */
export function relayOrigin(value: string, option = '--relay'): string {
  const url = URL.parse(value)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError(`${option} must be a URL such as ${DEFAULT_RELAY}, got ${JSON.stringify(value)}`)
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new UsageError(
      `${option} must be an origin, without path, query, user or password: ` +
        `${url.origin} and not ${JSON.stringify(shownUrl(url))}`,
    )
  return url.origin
}

/** A URL that may be shown: that it has a user or a password, and not which. */
function shownUrl(url: URL): string {
  const shown = new URL(url)
  if (shown.username !== '') shown.username = '…'
  if (shown.password !== '') shown.password = '…'
  return shown.href.replaceAll('%E2%80%A6', '…')
}

/**
 * Turns the refusal of a value from the command line into wrong usage.
 *
 * @param parse - what reads the value; its error names the option
 */
export function orWrongUsage<T>(parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    // Another error than that of a value is one that turned out when it was tried: a file that can't be read.
    if (!(cause instanceof Error) || cause.name !== 'ValidationError') throw cause
    throw new UsageError(cause.message, { cause })
  }
}
