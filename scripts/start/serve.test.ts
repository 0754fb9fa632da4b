import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HELLO_SITE, ROOT } from './paths.ts'

/** Both build first, when something has changed. */
const SLOW = { timeout: 120_000 }

let data: string
let port: number

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'blackhole-start-'))
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  await new Promise((resolve) => server.close(resolve))
})

afterEach(() => rm(data, { recursive: true, force: true }))

test.each([
  // Debian's shell, which npm starts the script with, waits for it and then ends by the signal itself.
  { name: 'npm start', command: 'npm', args: ['start', '--'], ends: [0, 'SIGINT'] },
  { name: 'scripts/start.ts', command: process.execPath, args: [join(ROOT, 'scripts/start.ts')], ends: [0] },
])('$name serves the example site until Ctrl-C, which leaves no process and the state closed', SLOW, async (run) => {
  // A process group of its own, as the shell gives each job: Ctrl-C is a signal to all of it.
  const child = spawn(run.command, [...run.args, '--data', data], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PORT: String(port) },
  })
  const pid = child.pid ?? 0
  try {
    const said = textOf(child)
    const ended = once(child, 'close')
    await expect.poll(said, { timeout: 90_000 }).toContain('Ctrl-C stops it.')
    const url = /The site +(http:\S+)/.exec(said())?.[1] ?? ''
    expect(url).toMatch(new RegExp(`^http://k51\\w+\\.localhost:${String(port)}/$`))
    expect(await get(url)).toEqual([200, await readFile(join(HELLO_SITE, 'index.html'), 'utf8')])
    expect((await get(`http://localhost:${String(port)}/`))[0]).toBe(200)
    expect(existsSync(join(data, 'relay/state.sqlite-wal'))).toBe(true)
    const second = spawnSync(process.execPath, [join(ROOT, 'scripts/start.ts'), '--data', data], { encoding: 'utf8' })
    expect([second.status, second.stdout]).toEqual([1, ''])
    expect(second.stderr).toContain(`Blackhole runs already with the state in ${data}. Stop that one first`)
    expect(second.stderr.trim().split('\n')).toHaveLength(1)

    process.kill(-pid, 'SIGINT')
    // npm passes on what it gets itself.
    process.kill(pid, 'SIGINT')
    const [code, signal] = (await ended) as [number | null, string | null]
    expect(run.ends, said()).toContain(code ?? signal)
    expect(said()).toContain('Stopping…')
    expect(said()).not.toMatch(/error/i)
    // Nobody of the group is left to be signalled, and SQLite removes its log when it is closed in order.
    expect(isRunning(-pid)).toBe(false)
    expect(existsSync(join(data, 'relay/state.sqlite-wal'))).toBe(false)
  } finally {
    if (isRunning(-pid)) process.kill(-pid, 'SIGKILL')
  }
})

test('--help teaches, and starts nothing', () => {
  const start = (...args: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [join(ROOT, 'scripts/start.ts'), ...args, '--data', data], { encoding: 'utf8' })
  const help = start('--help')
  expect([help.status, help.stderr]).toEqual([0, ''])
  for (const taught of ['Usage:', '--no-content', 'Examples:', 'npx blackhole --help'])
    expect(help.stdout).toContain(taught)
  expect(start('--hepl')).toMatchObject({ status: 2, stdout: '' })
})

/** Status and body; names below localhost are this machine for browsers, but not for every resolver. */
async function get(url: string): Promise<[number | undefined, string]> {
  const { host, port } = new URL(url)
  const sent = request({ host: '127.0.0.1', port, headers: { host } }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return [response.statusCode, await text(response)]
}

/** What it has said until now, on both streams. */
function textOf({ stdout, stderr }: ChildProcess): () => string {
  let said = ''
  for (const stream of [stdout, stderr]) stream?.setEncoding('utf8').on('data', (part: string) => (said += part))
  return () => said
}

function isRunning(group: number): boolean {
  try {
    return process.kill(group, 0)
  } catch {
    return false
  }
}

test('scripts/start.ts names what it does not understand, and how it is used', SLOW, async () => {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/start.ts'), '--frob'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = textOf(child)
  expect(await once(child, 'close')).toEqual([2, null])
  expect(said()).toMatch(/--frob.*Usage: npm start/s)
  expect(said()).not.toContain('    at ')
})
