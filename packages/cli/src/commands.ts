import type { CommandEntry } from './command.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'relay',
    summary: 'Run a relay: it keeps sites, and introduces their visitors to each other',
    load: async () => (await import('./commands/relay.ts')).relay,
  },
  {
    name: 'publish',
    summary: 'Publish a folder as a site, or as its next version',
    load: async () => (await import('./commands/publish.ts')).publish,
  },
  {
    name: 'rollback',
    summary: 'Go back to an older version of a site',
    load: async () => (await import('./commands/rollback.ts')).rollback,
  },
  {
    name: 'unpublish',
    summary: 'End a site: its visitors’ browsers forget it',
    load: async () => (await import('./commands/unpublish.ts')).unpublish,
  },
  {
    name: 'sites',
    summary: 'List the sites of a relay, or the versions of one',
    load: async () => (await import('./commands/sites.ts')).sites,
  },
  {
    name: 'key',
    summary: 'Make, show and copy the keys that sites are published with',
    load: async () => (await import('./commands/key.ts')).key,
  },
  {
    name: 'assets',
    summary: 'Write the scripts for an existing site, and print the tag to paste',
    load: async () => (await import('./commands/assets.ts')).assets,
  },
]
