/**
 * Runs the example against a relay that runs already:
 *
 *     node examples/script-tag/start.ts [RELAY]    default http://localhost:8080
 */
import { join } from 'node:path'
import process from 'node:process'
import { setUp } from './set-up.ts'

await run(process.argv[2] ?? 'http://localhost:8080')

async function run(relay: string): Promise<void> {
  const site = await setUp({ relay, home: join(import.meta.dirname, '../../.blackhole-data'), port: 8090 })
  process.stdout.write(`${site.origin.url}/ is a site with a server of its own. Its server sends:\n`)
  let shown = 0
  const timer = setInterval(() => {
    for (const path of site.origin.sentPaths.slice(shown)) process.stdout.write(`  ${path}\n`)
    shown = site.origin.sentPaths.length
  }, 500)
  process.once('SIGINT', () => {
    clearInterval(timer)
    void site.stop()
  })
}
