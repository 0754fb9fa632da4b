import { RELAY_OPTION, relaysOf, withBlackhole } from '../client.ts'
import { defineCommand } from '../command.ts'
import { UsageError } from '../failure.ts'
import { formatPairs } from '../format.ts'
import { KEY_OPTION, readOwnKey } from '../owned-site.ts'
import { PASSPHRASE_OPTION, readPassphrase } from '../site-keys.ts'

/** Makes the content of an older version the newest one. */
export const rollback = defineCommand({
  name: 'rollback',
  summary: 'Go back to an older version of a site',
  details:
    'The old content becomes a new version: version numbers only rise, so that nobody can replay an old one.\n' +
    'Without --to, each rollback goes one step further back: to the version before that in which the content of now\n' +
    'first came. --to leads forward again. Versions that ended the site are passed over.',
  operands: ['[DIR]'],
  options: {
    ...RELAY_OPTION,
    ...KEY_OPTION,
    ...PASSPHRASE_OPTION,
    to: { type: 'string', placeholder: 'VERSION', summary: 'Version to go back to', fallback: 'one step back' },
  },
  examples: [
    { purpose: 'Undo the last publish of a folder', line: 'blackhole rollback ./dist' },
    { purpose: 'To a version that `blackhole sites blog` listed', line: 'blackhole rollback --key blog --to 12' },
  ],
  async run({ options, operands: [folder], terminal, signal, env }) {
    const version = options.to === undefined ? undefined : parseVersion(options.to)
    const relays = relaysOf(options.relay)
    const passphrase = await readPassphrase(options['passphrase-file'])
    const key = await readOwnKey(options.key, folder, { env, terminal, passphrase })
    const done = await withBlackhole(
      relays,
      async (blackhole) => await blackhole.sites.rollback({ key, version, signal }),
    )
    const { name, root, version: newest, restored, url, warnings } = done
    for (const warning of warnings) terminal.warn(warning)
    terminal.result(
      { name, root, version: newest, restored, url },
      formatPairs(
        [
          ['url', url],
          ['root', root],
          ['version', `${String(newest)}, with the content of version ${String(restored)}`],
        ],
        '',
      ),
    )
  },
})

function parseVersion(text: string): number {
  const version = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(version))
    throw new UsageError(`--to must be the number of a version, got ${JSON.stringify(text)}`)
  return version
}
