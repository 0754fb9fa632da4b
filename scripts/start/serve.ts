import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { publishFolder } from '../../packages/testkit/src/processes/publish-process.ts'
import { startRelay } from '../../packages/testkit/src/processes/relay-process.ts'
import { findFreePort } from './free-port.ts'
import { HELLO_SITE } from './paths.ts'

/** Port of a relay when none is asked for. */
const DEFAULT_PORT = 8080

/** Options of {@link serve}. */
export interface ServeOptions {
  /** Undefined or empty: 8080, or the next free one. */
  readonly port: string | undefined
  /** Folder for the state of the relay and the key of the site. */
  readonly data: string
  /** More arguments of the relay's command. */
  readonly args: readonly string[]
}

/** Runs a relay with the example site until Ctrl-C. */
export async function serve(options: ServeOptions): Promise<void> {
  const interrupted = new AbortController()
  // For good: Ctrl-C comes from the terminal and once more from npm, and the relay, which gets it too, needs a moment.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort())
  try {
    await run(options, interrupted.signal)
  } catch (error) {
    // What was starting was told to stop, too.
    if (!interrupted.signal.aborted) throw error
  }
}

async function run({ port, data, args }: ServeOptions, interrupted: AbortSignal): Promise<void> {
  const relay = await startRelay({
    port: port === undefined || port === '' ? await findFreePort(DEFAULT_PORT) : Number(port),
    data: join(data, 'relay'),
    args: ['--log-level', 'warn', ...args],
  }).catch((error: unknown) => {
    if (!String(error).includes('is in use by another relay')) throw error
    const hint = 'Stop that one first, or give this one a folder of its own: npm start -- --data DIR'
    throw new Error(`Blackhole runs already with the state in ${data}. ${hint}`, { cause: error })
  })
  try {
    const site = await publishFolder(HELLO_SITE, { relay: relay.url, home: data, key: join(data, 'hello-site.pem') })
    console.log(
      [
        '',
        'Blackhole is running.',
        '',
        `  The site      ${site.url}`,
        `  The relay     ${relay.url}/`,
        '',
        'Open the site in two browsers: the second gets its pictures from the first.',
        `Publish yours:  npx blackhole publish DIR --relay ${relay.url}`,
        'Ctrl-C stops it.',
      ].join('\n'),
    )
    if (!interrupted.aborted) await once(interrupted, 'abort')
    console.log('\nStopping…')
  } finally {
    await relay.stop()
  }
}
