import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { startRelay } from '@blackhole/testkit'
import type { CommandResult, PublishResult, RelayProcess } from '@blackhole/testkit'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { COMMANDS } from './commands.ts'
import { runCli } from './run-cli.ts'

/** Someone who publishes: a relay for all tests of a file, and for each test a home and a folder with a page. */
export interface TestOwner {
  readonly relay: RelayProcess
  /** For files that all tests of the file may use. */
  readonly root: string
  /** The site: one `index.html`. */
  readonly folder: string
  /** Where keys are kept. */
  readonly home: string
  /** Runs a command in this process: the exit code is what `main.ts` ends with. */
  run(...args: string[]): Promise<CommandResult>
  /** Publishes the folder. Fails the test when that fails. */
  publish(...args: string[]): Promise<PublishResult>
}

/** To be called once where a file's tests are collected. @param relayArgs - further arguments of the relay */
export function testOwner(relayArgs: readonly string[] = []): TestOwner {
  let [root, folder, home] = ['', '', '']
  let relay: RelayProcess | undefined
  const upRelay = (): RelayProcess => {
    if (relay === undefined) throw new Error('The relay is not up yet')
    return relay
  }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'blackhole-owner-'))
    relay = await startRelay({ args: ['--log-level', 'warn', ...relayArgs] })
  }, 90_000)

  afterAll(async () => {
    await relay?.stop()
    await rm(root, { recursive: true, force: true })
  })

  beforeEach(async () => {
    home = await mkdtemp(join(root, 'home-'))
    folder = await mkdtemp(join(root, 'site-'))
    await writeFile(join(folder, 'index.html'), '<!doctype html><h1>Hello</h1>')
  })

  const run = async (...args: string[]): Promise<CommandResult> => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const env = { BLACKHOLE_HOME: home, BLACKHOLE_RELAY: upRelay().url }
    const components = { stdout, stderr, env, signal: new AbortController().signal, scripts: '' }
    const code = await runCli(args, components, { commands: COMMANDS, version: '' })
    const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? ''
    return { code, stdout: text(stdout), stderr: text(stderr) }
  }

  return {
    get relay() {
      return upRelay()
    },
    get root() {
      return root
    },
    get folder() {
      return folder
    },
    get home() {
      return home
    },
    run,
    publish: async (...args) => {
      const { code, stdout, stderr } = await run('publish', folder, '--json', ...args)
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('error:')])
      return JSON.parse(stdout) as PublishResult
    },
  }
}
