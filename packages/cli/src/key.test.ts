import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { COMMANDS } from './commands.ts'
import { runCli } from './run-cli.ts'

let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'blackhole-keys-'))
})

afterEach(async () => {
  await rm(home, { recursive: true, force: true })
})

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return await runIn({ BLACKHOLE_HOME: home }, ...args)
}

async function runIn(
  env: Record<string, string>,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const components = {
    stdout,
    stderr,
    env,
    signal: new AbortController().signal,
    scripts: '',
  }
  const code = await runCli(args, components, { commands: COMMANDS, version: '' })
  const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? ''
  return { code, stdout: text(stdout), stderr: text(stderr) }
}

async function runJson(...args: string[]): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await run(...args, '--json')
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Record<string, string>
}

describe('key', () => {
  it('makes a key that only its owner can read, and never overwrites it', async () => {
    const { name, path = '' } = await runJson('key', 'create', 'blog')
    expect(name).toMatch(/^k51/)
    expect(path).toBe(join(home, 'keys/blog.pem'))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const again = await run('key', 'create', 'blog')
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('exists already')
    expect(await runJson('key', 'show', 'blog')).toEqual({ name, path })
    expect((await run('key', 'show')).stdout).toContain(name)
  })

  it('makes a key in a file that is named, which OpenSSL reads', async () => {
    const path = join(home, 'mine.pem')
    await runJson('key', 'create', path)
    const { status, stdout } = spawnSync('openssl', ['pkey', '-in', path, '-noout', '-text'], { encoding: 'utf8' })
    if (status !== null) expect(stdout).toMatch(/ED25519/i)
    expect(await readFile(path, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/)
  })

  it('exports and imports the same key', async () => {
    const { name } = await runJson('key', 'create', 'blog')
    const copy = join(home, 'copy.pem')
    await runJson('key', 'export', 'blog', '--out', copy)
    expect((await stat(copy)).mode & 0o777).toBe(0o600)
    expect((await runJson('key', 'import', 'second', copy)).name).toBe(name)
    expect((await runJson('key', 'export', 'second')).pem).toBe(await readFile(copy, 'utf8'))
  })

  it('keeps a key under a passphrase, until --plain is asked for', async () => {
    const secret = join(home, 'secret.txt')
    await writeFile(secret, 'correct horse\n')
    const { name } = await runJson('key', 'create', 'blog', '--passphrase-file', secret)
    expect((await run('key', 'show', 'blog')).stderr).toContain('a passphrase is needed')
    expect((await runJson('key', 'show', 'blog', '--passphrase-file', secret)).name).toBe(name)
    expect((await runJson('key', 'export', 'blog', '--passphrase-file', secret)).pem).toContain(
      'BEGIN ENCRYPTED PRIVATE KEY',
    )
    expect((await runJson('key', 'export', 'blog', '--passphrase-file', secret, '--plain')).pem).toContain(
      'BEGIN PRIVATE KEY',
    )
    expect((await run('key', 'show')).stdout).toContain('under a passphrase')
    await writeFile(secret, '\n')
    expect((await run('key', 'show', 'blog', '--passphrase-file', secret)).stderr).toContain('is empty')
  })

  it('fails at once, and says what to do, where no folder can be made', async () => {
    // Node's own recursive mkdir goes on for ever there.
    for (const place of ['/proc/nowhere/deeper', '/dev/null/x']) {
      const { code, stderr } = await runIn({ BLACKHOLE_HOME: place }, 'key', 'create', 'blog')
      expect(code).toBe(1)
      expect(stderr).toContain(`The folder ${place}/keys can't be made`)
      expect(stderr).toContain('set BLACKHOLE_HOME')
    }
  })

  it('says which file is missing or no key', async () => {
    expect((await run('key', 'show', 'nobody')).stderr).toContain('keys/nobody.pem')
    expect((await run('key', 'import', 'a', join(home, 'nowhere.pem'))).stderr).toContain('nowhere.pem')
    await writeFile(join(home, 'bad.pem'), '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')
    const { code, stderr } = await run('key', 'import', 'a', join(home, 'bad.pem'))
    expect([code, stderr]).toEqual([1, expect.stringContaining('key must be')])
  })
})

describe('assets', () => {
  it('writes the three scripts, and prints a tag and hashes that browsers check', async () => {
    const scripts = join(home, 'built')
    await mkdir(scripts)
    for (const file of ['blackhole.js', 'blackhole-sw.js', 'blackhole-peer.js'])
      await writeFile(join(scripts, file), "alert('Hello, world.');")
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    const components = { stdout, stderr, env: {}, signal: new AbortController().signal, scripts }
    const init = { commands: COMMANDS, version: '' }
    await mkdir(join(home, 'public'))
    expect(
      await runCli(['assets', join(home, 'public'), '--relay', 'https://relay.example/', '--json'], components, init),
    ).toBe(0)
    const written = JSON.parse(String(stdout.read())) as { files: { file: string; integrity: string }[]; tag: string }
    // The example of the W3C's Subresource Integrity specification, 3.1.
    const integrity = 'sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO'
    expect(written.files.map((file) => file.integrity)).toEqual([integrity, integrity, integrity])
    expect(written.tag).toBe(
      '<script async src="/blackhole.js" data-relay="https://relay.example" data-site="k51…"></script>',
    )
    expect(await readFile(join(home, 'public/blackhole-peer.js'), 'utf8')).toBe("alert('Hello, world.');")
    // A relay that serves the same, and then, after an upgrade, something else.
    let served = "alert('Hello, world.');"
    const server = createServer((_, response) => response.end(served)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const relay = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    const args = ['assets', '--relay', relay, '--json']
    try {
      expect(await runCli(args, components, init)).toBe(0)
      const pinned = JSON.parse(String(stdout.read())) as { tag: string; workerFile: string }
      expect(pinned.tag).toBe(
        `<script async src="${relay}/blackhole.js" integrity="${integrity}" crossorigin="anonymous" data-peer-integrity="${integrity}" data-site="k51…"></script>`,
      )
      expect(pinned.workerFile).toBe(`importScripts("${relay}/blackhole-sw.js")`)
      expect(String(stderr.read())).toBe('null')
      for (served of ["alert('Hello, World.');", "alert('Hello, world.'); //", 'alert(']) {
        expect(await runCli(args, components, init)).toBe(1)
        expect(String(stderr.read())).toMatch(/blackhole\.js is of another version than this command/)
        expect(stdout.read()).toBeNull()
      }
    } finally {
      server.close()
    }
    expect(await runCli(args, components, init)).toBe(0)
    expect(String(stderr.read())).toMatch(/^warning: whether .* serves these scripts is not known/)
  })

  it('writes into a folder that is there, and makes none', async () => {
    await writeFile(join(home, 'f.txt'), '')
    await mkdir(join(home, 'scripts'))
    for (const file of ['blackhole.js', 'blackhole-sw.js', 'blackhole-peer.js'])
      await writeFile(join(home, 'scripts', file), "alert('Hello, world.');")
    for (const [name, why] of [
      ['nowhere', 'is not there'],
      ['f.txt', 'is not a folder'],
      ['x'.repeat(300), "can't be read"],
    ] as const) {
      const scripts = join(home, 'scripts')
      const stderr = new PassThrough()
      const components = { stdout: new PassThrough(), stderr, env: {}, signal: new AbortController().signal, scripts }
      expect(await runCli(['assets', join(home, name)], components, { commands: COMMANDS, version: '' })).toBe(1)
      expect(String(stderr.read())).toContain(`${name} ${why}`)
    }
    await expect(stat(join(home, 'nowhere'))).rejects.toThrow()
  })
})
