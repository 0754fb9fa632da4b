import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSiteName } from '@blackhole/protocol'
import { checkServed, readBrowserScripts } from '../browser-scripts.ts'
import { defineCommand } from '../command.ts'
import { CommandError, describeFailure } from '../failure.ts'
import { formatPairs } from '../format.ts'
import { orWrongUsage, relayOrigin } from '../values.ts'

/** What stands for a value that is not given. */
const UNKNOWN = { relay: 'https://relay.example', site: 'k51…' } as const

/** Writes the scripts for owners who host them themselves, and prints the tag. */
export const assets = defineCommand({
  name: 'assets',
  summary: 'Write the scripts for an existing site, and print the tag to paste',
  details:
    'With DIR (the folder that is the root of your site), loader, worker and peer are written there, and your site needs\n' +
    'nothing from the relay but introductions. Without DIR, the tag takes loader and peer from the relay, pinned by their\n' +
    'hashes: the relay is asked whether it serves the same, and after an upgrade of the relay the tag has to be renewed.',
  operands: ['[DIR]'],
  options: {
    relay: { type: 'string', placeholder: 'URL', summary: 'Relay that the tag names', env: 'BLACKHOLE_RELAY' },
    site: {
      type: 'string',
      placeholder: 'NAME',
      summary: 'Name of the site (k51…) that the tag names',
      env: 'BLACKHOLE_SITE',
    },
  },
  examples: [
    {
      purpose: 'Host the scripts beside your own files',
      line: 'blackhole assets ./public --relay https://relay.example --site k51…',
    },
    {
      purpose: 'Take them from the relay, and only see the tag',
      line: 'blackhole assets --relay https://relay.example',
    },
  ],
  async run({ options, operands: [folder], terminal, scripts, signal }) {
    const relay = options.relay === undefined ? UNKNOWN.relay : relayOrigin(options.relay)
    const site = options.site === undefined ? UNKNOWN.site : orWrongUsage(() => parseSiteName(options.site, '--site'))
    const found = await readBrowserScripts(scripts)
    const files = Object.values(found)
    if (folder !== undefined) {
      const place = await stat(folder).catch((error: unknown) => {
        if (!['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code)))
          throw new CommandError(`${folder} can't be read`, { cause: error })
        return undefined
      })
      if (place?.isDirectory() !== true) {
        const what = place === undefined ? 'is not there' : 'is not a folder'
        throw new CommandError(`${folder} ${what}: name the folder that is the root of your site`)
      }
      for (const { file, bytes } of files) await writeFile(join(folder, file), bytes)
    }
    const { loader, worker, peer } = found
    if (folder === undefined && options.relay !== undefined) {
      await checkServed(relay, [loader, peer], {
        signal,
        onUnknown: (error) => {
          terminal.warn(
            `whether ${relay} serves these scripts is not known, so the tag may not load: ${describeFailure(error)}`,
          )
        },
      })
    }
    // The loader checks the peer, which it imports later; a worker's own file is never checked by browsers.
    const pins = (address: string): string =>
      `src="${address}" integrity="${loader.integrity}" crossorigin="anonymous" data-peer-integrity="${peer.integrity}"`
    const tag =
      folder === undefined
        ? `<script async ${pins(`${relay}/${loader.file}`)} data-site="${site}"></script>`
        : `<script async src="/${loader.file}" data-relay="${relay}" data-site="${site}"></script>`
    const workerFile = folder === undefined ? `importScripts("${relay}/${worker.file}")` : null
    const listed = files.map(({ file, bytes, integrity }) => ({ file, bytes: bytes.byteLength, integrity }))
    terminal.result(
      { folder: folder ?? null, files: listed, tag, workerFile },
      [
        ...(folder === undefined ? [] : [`Written to ${folder}:`]),
        formatPairs(listed.map(({ file, integrity }) => [file, integrity])),
        `\nIn the <head> of each page:\n  ${tag}`,
        ...(workerFile === null ? [] : [`\nIn a file ${worker.file} at the root of the site:\n  ${workerFile}`]),
      ].join('\n'),
    )
  },
})
