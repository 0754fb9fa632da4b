/**
 * Shows Blackhole on this machine: starts a relay, publishes `examples/hello-site`
 * and says where to look. With `--demo`, two headless visitors look themselves.
 *
 *     npm start                       until Ctrl-C; PORT is the relay's port (8080, or the next free one)
 *     npm start -- --data DIR         keeps the relay's state and the site's key there, not in .blackhole-data
 *     npm start -- --no-content       the relay only introduces: those who come get the site from those who have it
 *     npm start -- --demo [--json]    then ends; with --json the last line on standard output is one JSON object
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { buildIfNeeded } from './start/build-if-needed.ts'
import { runDemo } from './start/demo.ts'
import { STATE } from './start/paths.ts'
import { serve } from './start/serve.ts'

const USAGE = 'Usage: npm start -- [--demo [--json]] [--port PORT] [--data DIR] [--no-content]'

const HELP = `${USAGE}

Shows Blackhole on this machine: starts a relay, publishes examples/hello-site and says where to look.

  --port PORT    port of the relay; default: PORT, or 8080, or the next free one
  --data DIR     folder for the relay's state and the site's key; default: .blackhole-data
  --no-content   the relay only introduces: those who come get the site from those who have it
  --demo         two headless visitors look themselves, then it ends
  --json         with --demo: the last line on standard output is one JSON object
  --help         this text

Examples:
  npm start
  npm start -- --port 9000
  npm start -- --demo

The command itself: npx blackhole --help`

const values = readOptions()
if (values === undefined) {
  process.exitCode = 2
} else if (values.help) {
  console.log(HELP)
} else {
  try {
    buildIfNeeded()
    if (values.demo) await runDemo({ json: values.json })
    else
      await serve({
        port: values.port ?? process.env['PORT'],
        data: values.data,
        args: values['no-content'] ? ['--no-content'] : [],
      })
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

/** What was asked for; undefined, after saying so, when it is not understood. */
function readOptions() {
  try {
    return parseArgs({
      options: {
        demo: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        port: { type: 'string' },
        data: { type: 'string', default: STATE },
        'no-content': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return undefined
  }
}
