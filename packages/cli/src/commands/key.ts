import { readFile } from 'node:fs/promises'
import { exportSiteKey, createSiteKey, importSiteKey } from '@blackhole/sdk'
import { writeKeyFile } from '@blackhole/sdk/files'
import { defineCommand } from '../command.ts'
import type { CommandGroup } from '../command.ts'
import { CommandError, UsageError } from '../failure.ts'
import { formatPairs, formatTable } from '../format.ts'
import { keyFolder, keyPath, PASSPHRASE_OPTION, readKey, readPassphrase } from '../site-keys.ts'

const create = defineCommand({
  name: 'create',
  summary: 'Make a key, and with it the name of a new site',
  details:
    'KEY is a label such as blog (the file lies in ~/.blackhole/keys then) or a path. Files are never overwritten.',
  operands: ['KEY'],
  options: PASSPHRASE_OPTION,
  examples: [
    { purpose: 'A key called blog', line: 'blackhole key create blog' },
    {
      purpose: 'A key in a file, under a passphrase',
      line: 'blackhole key create ./blog.pem --passphrase-file secret.txt',
    },
  ],
  async run({ options, operands: [label = ''], terminal, env }) {
    const passphrase = await readPassphrase(options['passphrase-file'])
    const path = keyPath(label, { env })
    const key = await createSiteKey()
    await writeKeyFile(path, key, { passphrase })
    terminal.result(
      { name: key.name, path, encrypted: passphrase !== undefined },
      formatPairs(
        [
          ['name', key.name],
          ['key', path],
        ],
        '',
      ),
    )
    terminal.note('Keep a copy of the key: whoever has it can publish the site, and without it nobody can.')
  },
})

const show = defineCommand({
  name: 'show',
  summary: 'Show the keys, or the site name of one',
  operands: ['[KEY]'],
  options: PASSPHRASE_OPTION,
  examples: [
    { purpose: 'All keys', line: 'blackhole key show' },
    { purpose: 'One, as a program reads it', line: 'blackhole key show blog --json' },
  ],
  async run({ options, operands: [label], terminal, env }) {
    if (label !== undefined) {
      const passphrase = await readPassphrase(options['passphrase-file'])
      const { key, path } = await readKey(label, { env, terminal, passphrase })
      terminal.result(
        { name: key.name, path },
        formatPairs(
          [
            ['name', key.name],
            ['key', path],
          ],
          '',
        ),
      )
      return
    }
    const folder = keyFolder({ env })
    const keys = await folder.list()
    const rows = keys.map((entry) => [
      entry.label,
      entry.name ?? (entry.encrypted ? '(under a passphrase)' : '(not a key)'),
      entry.path,
    ])
    const none = `No keys in ${folder.folder} yet: the first publish of a folder makes one.`
    terminal.result(
      { folder: folder.folder, keys },
      rows.length === 0 ? none : formatTable(['key', 'site', 'file'], rows),
    )
  },
})

const exportKey = defineCommand({
  name: 'export',
  summary: 'Copy a key out, to keep or to use elsewhere',
  details:
    'The copy is PEM (PKCS #8), which OpenSSL reads, under the same passphrase as the key unless --plain is given.',
  operands: ['KEY'],
  options: {
    ...PASSPHRASE_OPTION,
    out: { type: 'string', placeholder: 'FILE', summary: 'Write it to this new file instead of standard output' },
    plain: { type: 'boolean', summary: 'Without the passphrase' },
  },
  examples: [{ purpose: 'Keep a copy', line: 'blackhole key export blog --out /media/usb/blog.pem' }],
  async run({ options, operands: [label = ''], terminal, env }) {
    const passphrase = await readPassphrase(options['passphrase-file'])
    const { key } = await readKey(label, { env, terminal, passphrase })
    const protection = { passphrase: options.plain ? undefined : passphrase }
    if (options.out === undefined) {
      const pem = await exportSiteKey(key, protection)
      terminal.result({ name: key.name, pem }, pem.trimEnd())
      return
    }
    await writeKeyFile(options.out, key, protection)
    terminal.result({ name: key.name, path: options.out }, `Written to ${options.out}`)
  },
})

const importKey = defineCommand({
  name: 'import',
  summary: 'Take in a key from a file',
  details: 'Reads PEM (PKCS #8) as key export, OpenSSL and Kubo write it, and libp2p keys in base64.',
  operands: ['KEY', 'FILE'],
  options: PASSPHRASE_OPTION,
  examples: [{ purpose: 'Call it blog', line: 'blackhole key import blog /media/usb/blog.pem' }],
  async run({ options, operands: [label = '', file = ''], terminal, env }) {
    if (/[/\\]/.test(label)) throw new UsageError(`KEY must be a label such as blog, got ${JSON.stringify(label)}`)
    const passphrase = await readPassphrase(options['passphrase-file'])
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new CommandError(`the key file ${file} can't be read`, { cause })
    })
    const key = await importSiteKey(text, { passphrase })
    const path = keyPath(label, { env })
    await writeKeyFile(path, key, { passphrase })
    terminal.result(
      { name: key.name, path },
      formatPairs(
        [
          ['name', key.name],
          ['key', path],
        ],
        '',
      ),
    )
  },
})

/** Everything about keys. A site's key is its name and the only right to publish it. */
export const key: CommandGroup = {
  name: 'key',
  summary: 'Make, show and copy the keys that sites are published with',
  details: 'A key is a file that only you can read. Its public half is the name of the site.',
  examples: [
    { purpose: 'Make one and publish with it', line: 'blackhole key create blog' },
    { purpose: '', line: 'blackhole publish ./dist --key blog' },
  ],
  commands: [create, show, exportKey, importKey],
}
