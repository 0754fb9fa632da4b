import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import type { Readable } from 'node:stream'

/** The `blackhole` command of this repository, as `npx blackhole` starts it. */
export const COMMAND = join(import.meta.dirname, '../../../cli/bin/blackhole.js')

/** How to start a command. */
export interface CommandOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Working directory; default: this process's. */
  readonly cwd?: string
}

/** A command that ended. */
export interface CommandResult {
  /** Exit code, or 128 when a signal ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs, with pipes for what it says. */
export type RunningCommand = ChildProcessByStdio<null, Readable, Readable>

/** Starts `blackhole` as a process of its own, which ends with this one at the latest. */
export function startCommand(args: readonly string[], { env = {}, cwd }: CommandOptions = {}): RunningCommand {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  child.stdout.setEncoding('utf8')
  child.stderr.setEncoding('utf8')
  return child
}

/**
 * Runs `blackhole` to its end.
 *
 * @throws when it takes longer than `timeoutMs` (120 s); any exit code is a result
 */
export async function runCommand(
  args: readonly string[],
  { timeoutMs = 120_000, ...options }: CommandOptions & { timeoutMs?: number } = {},
): Promise<CommandResult> {
  const child = startCommand(args, options)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text: string) => (stdout += text))
  child.stderr.on('data', (text: string) => (stderr += text))
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`blackhole ${args.join(' ')} took longer than ${timeoutMs} ms\n${stderr}`))
    }, timeoutMs)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code: code ?? 128, stdout, stderr })
    })
  })
}
