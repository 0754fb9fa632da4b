/** What a package may import of ours at run time: strictly downward, never a sibling. `docs/architecture.md` has the picture. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  swarm: ['@blackhole/protocol'],
  site: ['@blackhole/protocol'],
  sdk: ['@blackhole/protocol', '@blackhole/swarm', '@blackhole/site'],
  sw: ['@blackhole/protocol', '@blackhole/swarm', '@blackhole/site'],
  relay: ['@blackhole/protocol', '@blackhole/swarm', '@blackhole/site'],
  cli: ['@blackhole/protocol', '@blackhole/site', '@blackhole/sdk', '@blackhole/sw', '@blackhole/relay'],
  testkit: ['@blackhole/protocol'],
}

/** What examples may import: what a user has. */
export const EXAMPLE_LAYER: readonly string[] = ['@blackhole/sdk', '@blackhole/sw', '@blackhole/relay', 'blackhole']

/** What every test may import besides. */
export const TEST_ONLY = '@blackhole/testkit'

/** Which world a package compiles in. `window` means the page: there alone `RTCPeerConnection` and `document` exist. */
export const WORLDS: Readonly<Record<string, 'window' | 'worker' | 'node'>> = {
  protocol: 'worker',
  swarm: 'worker',
  site: 'worker',
  sdk: 'window',
  sw: 'worker',
  relay: 'node',
  cli: 'node',
  testkit: 'window',
}

/** Scripts and programs: modules whose purpose is what they do when they run. */
export const ENTRIES: ReadonlySet<string> = new Set([
  'packages/cli/src/main.ts',
  'packages/sdk/src/loader/loader.ts',
  'packages/sw/src/sw.ts',
  'packages/sw/src/sw-start.ts',
])

/** The module that the loader imports in a visitor's page: built as one file, exported to nobody. */
export const PEER_MODULE = 'packages/sdk/src/browser/peer-entry.ts'
