import { RELAY_OPTION, relaysOf, withBlackhole } from '../client.ts'
import { defineCommand } from '../command.ts'
import { formatPairs } from '../format.ts'
import { KEY_OPTION, readOwnKey } from '../owned-site.ts'
import { PASSPHRASE_OPTION, readPassphrase } from '../site-keys.ts'

/** Ends a site. */
export const unpublish = defineCommand({
  name: 'unpublish',
  summary: 'End a site: its visitors’ browsers forget it',
  details:
    'The last version is a page that says so, on which the workers in visitors’ browsers remove themselves.\n' +
    'With the key the site can be published again later.',
  operands: ['[DIR]'],
  options: { ...RELAY_OPTION, ...KEY_OPTION, ...PASSPHRASE_OPTION },
  examples: [
    { purpose: 'The site of a folder', line: 'blackhole unpublish ./dist' },
    { purpose: 'By its key', line: 'blackhole unpublish --key blog' },
  ],
  async run({ options, operands: [folder], terminal, signal, env }) {
    const relays = relaysOf(options.relay)
    const passphrase = await readPassphrase(options['passphrase-file'])
    const key = await readOwnKey(options.key, folder, { env, terminal, passphrase })
    const { name, root, version, url } = await withBlackhole(
      relays,
      async (blackhole) => await blackhole.sites.retire({ key, signal }),
    )
    terminal.result(
      { name, root, version, url },
      formatPairs(
        [
          ['ended', name],
          ['version', String(version)],
        ],
        '',
      ),
    )
  },
})
