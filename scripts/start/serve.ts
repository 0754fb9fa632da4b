import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { publishFolder } from '../../packages/testkit/src/processes/publish-process.ts'
import { startRelay } from '../../packages/testkit/src/processes/relay-process.ts'
import { findFreePort } from './free-port.ts'
import { HELLO_SITE, STATE } from './paths.ts'

/** Port of a relay when none is asked for. */
const DEFAULT_PORT = 8080

/** Runs a relay with the example site until Ctrl-C. */
export async function serve({ port }: { port: string | undefined }): Promise<void> {
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  const relay = await startRelay({
    port: port === undefined || port === '' ? await findFreePort(DEFAULT_PORT) : Number(port),
    data: join(STATE, 'relay'),
    args: ['--log-level', 'warn'],
  })
  try {
    const site = await publishFolder(HELLO_SITE, { relay: relay.url, home: STATE, key: join(STATE, 'hello-site.pem') })
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
    await stopped
    console.log('\nStopping…')
  } finally {
    await relay.stop()
  }
}
