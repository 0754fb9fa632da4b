import { setTimeout as wait } from 'node:timers/promises'
import { parseSiteName } from '@blackhole/protocol'
import type { Blackhole, Published } from '@blackhole/sdk'
import { readFolder } from '@blackhole/sdk/files'
import { RELAY_OPTION, relaysOf, withBlackhole } from '../client.ts'
import { defineCommand } from '../command.ts'
import { CommandError, describeFailure, UsageError } from '../failure.ts'
import { formatBytes, formatPairs, plural } from '../format.ts'
import { keepPublished } from '../keep-published.ts'
import { Progress } from '../progress.ts'
import { showPublishProgress } from '../publish-progress.ts'
import { folderLabel, keepKey, PASSPHRASE_OPTION, readOrCreateKey, readPassphrase } from '../site-keys.ts'
import type { FoundKey } from '../site-keys.ts'
import { findSiteWarnings } from '../site-warnings.ts'
import type { Terminal } from '../terminal.ts'
import { orWrongUsage, relayOrigin } from '../values.ts'
import { watchFolder } from '../watch-folder.ts'

/** One publish of a folder, as the options have it. */
interface Plan {
  readonly folder: string
  readonly relays: readonly string[]
  readonly found: FoundKey
  /** Keeps the key if it is new. */
  readonly keep: () => Promise<void>
  /** Undefined: as before. */
  readonly origins: readonly string[] | undefined
  readonly documents: 'origin' | 'site' | undefined
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

/** Publishes a folder as the next version of a site. */
export const publish = defineCommand({
  name: 'publish',
  summary: 'Publish a folder as a site, or as its next version',
  details:
    'Only what the relay lacks is uploaded. Left out are node_modules, .git and what a .blackholeignore in the folder\n' +
    'names, in gitignore syntax. The first publish of a folder makes a key for it, which is the site: keep a copy.',
  operands: ['DIR'],
  options: {
    ...RELAY_OPTION,
    key: {
      type: 'string',
      placeholder: 'KEY',
      summary: 'Key file, or label of a key; made when it does not exist',
      env: 'BLACKHOLE_KEY',
      fallback: "the folder's own",
    },
    ...PASSPHRASE_OPTION,
    site: {
      type: 'string',
      placeholder: 'NAME',
      summary: 'Name that the key must be of, to be sure',
      env: 'BLACKHOLE_SITE',
    },
    origin: {
      type: 'string',
      multiple: true,
      placeholder: 'URL',
      summary: 'Origin of an existing site that shows this content; give it again for more, or none for no such site',
      env: 'BLACKHOLE_ORIGIN',
      fallback: 'as before',
    },
    documents: {
      type: 'string',
      placeholder: 'WHO',
      summary: 'Who answers navigations there: origin or site',
      fallback: 'as before, or origin',
    },
    watch: { type: 'boolean', short: 'w', summary: 'Publish again whenever the folder changes' },
  },
  examples: [
    { purpose: 'To the relay on this machine', line: 'blackhole publish ./dist' },
    {
      purpose: 'With a key of your own, for a script',
      line: 'blackhole publish ./dist --relay https://relay.example --key blog.pem --json',
    },
    { purpose: 'For a site that has a server', line: 'blackhole publish ./public --origin https://www.example.com' },
  ],
  async run({ options, operands: [folder = ''], terminal, signal, env }) {
    const { documents } = options
    if (documents !== undefined && documents !== 'origin' && documents !== 'site') {
      throw new UsageError(`--documents must be origin or site, got ${JSON.stringify(documents)}`)
    }
    const relays = relaysOf(options.relay)
    const origins = originsOf(options.origin)
    const expected = options.site === undefined ? undefined : orWrongUsage(() => parseSiteName(options.site, '--site'))
    // Before a key is made for a folder that can't be published.
    await readFolder(folder, { signal })
    const passphrase = await readPassphrase(options['passphrase-file'])
    const surroundings = { env, terminal, passphrase }
    const found = await readOrCreateKey(options.key ?? (await folderLabel(folder)), surroundings)
    if (expected !== undefined && expected !== found.key.name) {
      throw new CommandError(
        found.created
          ? `there is no key at ${found.path}, and a new one would not be the key of ${expected}`
          : `the key ${found.path} is not the key of ${expected} but of ${found.key.name}`,
      )
    }
    let isKept = !found.created
    const keep = async (): Promise<void> => {
      if (!isKept) await keepKey(found, surroundings)
      isKept = true
    }
    const plan: Plan = { folder, relays, found, keep, origins, documents, terminal, signal }
    await withBlackhole(relays, async (blackhole) => {
      if (options.watch) await publishAndWatch(blackhole, plan)
      else await publishOnce(blackhole, plan)
    })
  },
})

/** The origins that were named; none named is as before, and `none` is none from now on. */
function originsOf(named: readonly string[]): string[] | undefined {
  if (named.length === 0) return undefined
  return named.length === 1 && named[0] === 'none' ? [] : named.map((origin) => relayOrigin(origin, '--origin'))
}

/**
 * Publishes the folder as it is now.
 *
 * @param before - what a publish that is now tried again came to: nothing is printed unless more came of it
 */
async function publishOnce(blackhole: Blackhole, plan: Plan, before?: Published): Promise<Published> {
  const { folder, found, terminal, signal, origins, documents } = plan
  const files = await readFolder(folder, { signal })
  const progress = new Progress(terminal, () => performance.now())
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0)
  let published: Published
  try {
    published = await blackhole.sites.publish(files, {
      key: found.key,
      beforeSending: plan.keep,
      ...(origins === undefined ? {} : { origins }),
      ...(documents === undefined ? {} : { documents }),
      signal,
      onProgress: (event) => {
        showPublishProgress(progress, event, { files: files.length, bytes: totalBytes })
      },
    })
  } finally {
    progress.end()
  }
  if (published.root === before?.root && published.failed.length >= before.failed.length) return published
  for (const { url, error } of published.failed) terminal.warn(`${url} did not take it: ${describeFailure(error)}`)
  for (const warning of await findSiteWarnings(files, cspTarget(plan, published.url))) terminal.warn(warning)
  report(terminal, published)
  return published
}

async function publishAndWatch(blackhole: Blackhole, plan: Plan): Promise<void> {
  const { folder, terminal } = plan
  const ended = new AbortController()
  const signal = AbortSignal.any([plan.signal, ended.signal])
  // Before the folder is read for the first time: what changes from then on is published afterwards.
  const changes = watchFolder(folder, { signal })
  try {
    let last = await publishOnce(blackhole, plan)
    const failures = (): Error[] => last.failed.map(({ error }) => error)
    const publishNext = async (again: boolean): Promise<Error[]> => {
      last = await publishOnce(blackhole, plan, again ? last : undefined)
      return failures()
    }
    terminal.note(`Watching ${folder}… (Ctrl-C ends it)`)
    const pause = async (ms: number, until: AbortSignal): Promise<void> => {
      await wait(ms, undefined, { signal: until })
    }
    await keepPublished({ changes, publish: publishNext, terminal, wait: pause }, { signal, failed: failures() })
  } finally {
    ended.abort()
  }
}

function report(terminal: Terminal, published: Published): void {
  const { name, root, version, url, files, bytes, newPieces, newBytes } = published
  terminal.result(
    { name, root, version, url, files, bytes, newPieces, newBytes },
    formatPairs(
      [
        ['url', url],
        ['name', name],
        ['root', root],
        ['version', String(version)],
        ['files', `${plural(files, 'file')}, ${formatBytes(bytes)}`],
        [
          'uploaded',
          newPieces === 0
            ? 'nothing: the relay had it all'
            : `${plural(newPieces, 'new piece')}, ${formatBytes(newBytes)}`,
        ],
      ],
      '',
    ),
  )
}

/** Where pages run, and what they must be able to reach. */
function cspTarget({ origins, relays }: Plan, url: string): Parameters<typeof findSiteWarnings>[1] {
  const sockets = relays.map((relay) => relay.replace(/^http/, 'ws'))
  const [origin] = origins ?? []
  if (origin === undefined) return { origin: new URL(url).origin, connect: sockets }
  return { origin, scripts: relays[0], connect: [...relays, ...sockets] }
}
