import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { COMMANDS } from './commands.ts'
import { EXIT } from './failure.ts'
import { runCli } from './run-cli.ts'

/** Exit code of a process that a signal ended, as shells have it: 128 and the signal's number. */
const FORCED_EXIT = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * One Ctrl-C comes more than once: a terminal and systemd signal all processes
 * of a group, and npm passes on what it gets itself. What follows this soon is
 * the same one.
 */
const SAME_SIGNAL_MS = 500

// Not awaited: a module that waits for itself can't be imported by what it loads.
void main().then((code) => {
  process.exitCode = code
  // Whatever the last write left in the pipe goes out before open sockets of libraries are cut off.
  process.stdout.write('', () => process.exit())
})

async function main(): Promise<number> {
  const controller = new AbortController()
  let firstSignal = Infinity
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const now = performance.now()
      firstSignal = Math.min(firstSignal, now)
      if (now - firstSignal > SAME_SIGNAL_MS) process.exit(FORCED_EXIT[signal])
      controller.abort()
    })
  }
  // A reader that has gone (`| head`) is no failure of ours, but there is nobody left to write to.
  process.stdout.on('error', () => process.exit(EXIT.failed))
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const components = {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signal: controller.signal,
    scripts: fileURLToPath(new URL('../dist/assets/', import.meta.url)),
  }
  return await runCli(process.argv.slice(2), components, { commands: COMMANDS, version })
}
