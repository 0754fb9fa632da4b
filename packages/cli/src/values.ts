import { UsageError } from './failure.ts'

/** Relay that is asked when none is named: the one that `blackhole relay` starts. */
export const DEFAULT_RELAY = 'http://localhost:8080'

/**
 * Reads a URL given by hand and returns its origin.
 *
 * @param option - how the error names it
 * @throws {UsageError} when it is no http(s) URL
 */
export function relayOrigin(value: string, option = '--relay'): string {
  const url = URL.parse(value)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError(`${option} must be a URL such as ${DEFAULT_RELAY}, got ${JSON.stringify(value)}`)
  }
  return url.origin
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
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
