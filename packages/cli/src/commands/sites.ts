import { parseSiteName } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { RELAY_OPTION, relaysOf, withBlackhole } from '../client.ts'
import { defineCommand } from '../command.ts'
import { formatBytes, formatCount, formatTable } from '../format.ts'
import { PASSPHRASE_OPTION, readKey, readPassphrase } from '../site-keys.ts'
import type { KeySurroundings } from '../site-keys.ts'
import { orWrongUsage } from '../values.ts'

/** Lists the sites of a relay, or the versions of one. */
export const sites = defineCommand({
  name: 'sites',
  summary: 'List the sites of a relay, or the versions of one',
  operands: ['[SITE]'],
  options: { ...RELAY_OPTION, ...PASSPHRASE_OPTION },
  examples: [
    { purpose: 'All sites of a relay', line: 'blackhole sites --relay https://relay.example' },
    { purpose: 'Versions that one can be rolled back to, by its name or by its key', line: 'blackhole sites k51…' },
    { purpose: '', line: 'blackhole sites blog' },
  ],
  async run({ options, operands: [site], terminal, signal, env }) {
    const relays = relaysOf(options.relay)
    const passphrase = await readPassphrase(options['passphrase-file'])
    const name = site === undefined ? undefined : await siteNameOf(site, { env, terminal, passphrase })
    await withBlackhole(relays, async (blackhole) => {
      if (name !== undefined) {
        const versions = await blackhole.sites.versions(name, { signal })
        const rows = versions.map(({ version, published, root }) => [String(version), published, root])
        terminal.result({ name, versions }, formatTable(['version', 'published', 'root'], rows, ['version']))
        return
      }
      const listed = await blackhole.sites.list({ signal })
      const rows = listed.map((each) => [
        each.url,
        String(each.version),
        formatCount(each.files),
        formatBytes(each.bytes),
        formatCount(each.peers),
        each.updated,
      ])
      const table = formatTable(['site', 'version', 'files', 'size', 'peers', 'updated'], rows, [
        'version',
        'files',
        'size',
        'peers',
      ])
      terminal.result({ relays, sites: listed }, rows.length === 0 ? `No sites at ${relays.join(', ')} yet.` : table)
    })
  },
})

/** A site by its name, or by its key. */
async function siteNameOf(text: string, surroundings: KeySurroundings): Promise<SiteName> {
  if (text.startsWith('k51')) return orWrongUsage(() => parseSiteName(text, 'SITE'))
  return (await readKey(text, surroundings)).key.name
}
