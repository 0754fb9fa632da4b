import { ROOT_TIMING } from '@blackhole/protocol'

/** The part of a `PerformanceNavigationTiming` that matters here. */
export interface NavigationEntry {
  /** Not there in insecure contexts. */
  readonly serverTiming?: readonly { readonly name: string; readonly description: string }[]
}

/**
 * Root CID that the relay served this document from: a page that was loaded
 * before its worker came keeps that version, whatever is published meanwhile.
 *
 * @param entries - `performance.getEntriesByType('navigation')`
 * @returns undefined when nobody said so
 */
export function documentRoot(entries: readonly NavigationEntry[]): string | undefined {
  const [navigation] = entries
  const root = navigation?.serverTiming?.find(({ name }) => name === ROOT_TIMING)?.description
  return root === '' ? undefined : root
}
