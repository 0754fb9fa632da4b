import type { CommandEntry } from './command.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'relay',
    summary: 'Run a relay: it keeps sites, and introduces their visitors to each other',
    load: async () => (await import('./commands/relay.ts')).relay,
  },
  {
    name: 'assets',
    summary: 'Write the scripts for an existing site, and print the tag to paste',
    load: async () => (await import('./commands/assets.ts')).assets,
  },
]
