import { createBlackhole } from '@blackhole/sdk'
import type { Blackhole } from '@blackhole/sdk'
import { DEFAULT_RELAY, relayOrigin } from './values.ts'

/** Option that all commands that talk to relays share. */
export const RELAY_OPTION = {
  relay: {
    type: 'string',
    multiple: true,
    placeholder: 'URL',
    summary: 'Relay to talk to; give it again for more',
    env: 'BLACKHOLE_RELAY',
    fallback: DEFAULT_RELAY,
  },
} as const

/** The relays that were named, or the one on this machine. */
export function relaysOf(named: readonly string[]): string[] {
  return named.length === 0 ? [DEFAULT_RELAY] : named.map((url) => relayOrigin(url))
}

/** Lends a client of these relays, and stops it afterwards. */
export async function withBlackhole<T>(
  relays: readonly string[],
  use: (blackhole: Blackhole) => Promise<T>,
): Promise<T> {
  const blackhole = await createBlackhole({ relays })
  try {
    return await use(blackhole)
  } finally {
    await blackhole.stop()
  }
}
