import { once } from 'node:events'
import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { runCommand, startCommand, startRelay } from '@blackhole/testkit'
import type { CommandResult, PublishResult, RelayProcess } from '@blackhole/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { testOwner } from './owner-harness.ts'

/** Processes of their own, on a machine that does other things too. */
const SLOW = { timeout: 60_000 }

let root: string
let folder: string
let home: string
let relay: RelayProcess

const owner = testOwner()

beforeEach(() => {
  ;({ root, folder, home, relay } = owner)
})

async function run(...args: string[]): Promise<CommandResult> {
  return await runCommand(args, { env: { BLACKHOLE_HOME: home, BLACKHOLE_RELAY: relay.url } })
}

async function publish(...args: string[]): Promise<PublishResult> {
  const { code, stdout, stderr } = await run('publish', folder, '--json', ...args)
  expect(stderr).not.toContain('error:')
  expect(code).toBe(0)
  expect(stdout.endsWith('}\n')).toBe(true)
  return JSON.parse(stdout) as PublishResult
}

describe('publish', SLOW, () => {
  it('prints one JSON object with exactly what the contract names', async () => {
    await mkdir(join(folder, '.well-known'))
    await writeFile(join(folder, '.well-known/security.txt'), 'Contact: mailto:a@example')
    await writeFile(join(folder, 'empty.txt'), '')
    await mkdir(join(folder, 'node_modules'))
    await writeFile(join(folder, 'node_modules/left-out.js'), '1')
    const published = await publish()
    expect(published).toEqual({
      name: expect.stringMatching(/^k51[0-9a-z]+$/),
      root: expect.stringMatching(/^bafy/),
      version: 1,
      url: `http://${published.name}.localhost:${relay.port}/`,
      files: 3,
      bytes: 54,
      newPieces: 3,
      newBytes: 54,
    })
    const response = await fetch(`${relay.url}/ipns/${published.name}/.well-known/security.txt`)
    expect(await response.text()).toBe('Contact: mailto:a@example')
  })

  it('uploads nothing when nothing changed, and only what is new afterwards', async () => {
    await writeFile(join(folder, 'large.bin'), Buffer.alloc(3_000_000, 7))
    const first = await publish()
    const again = await publish()
    expect(again).toEqual({ ...first, newPieces: 0, newBytes: 0 })
    await writeFile(join(folder, 'new.txt'), 'new')
    const next = await publish()
    expect(next).toMatchObject({ name: first.name, version: 2, newPieces: 1, newBytes: 3 })
    expect(next.root).not.toBe(first.root)
  })

  it('shows people where the site is and where the new key lies', async () => {
    const { code, stdout, stderr } = await run('publish', folder)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^url +http:\/\/k51\w+\.localhost:\d+\/$/m)
    expect(stderr).toContain(`New key: ${home}/keys/`)
    expect(stderr).not.toContain('\r')
  })

  it('makes a key that only its owner can read, and warns when others can', async () => {
    const key = join(root, 'mode', 'site.pem')
    await publish('--key', key)
    expect((await stat(key)).mode & 0o777).toBe(0o600)
    await chmod(key, 0o644)
    expect((await run('publish', folder, '--key', key)).stderr).toContain('chmod 600')
  })

  it('warns of a policy that would block the loader', async () => {
    await writeFile(join(folder, '_headers'), "/*\n  Content-Security-Policy: script-src 'none'\n")
    const { code, stderr } = await run('publish', folder)
    expect(code).toBe(0)
    expect(stderr).toMatch(/warning: index\.html: its Content-Security-Policy \(script-src 'none'\) blocks the script/)
  })

  it('watches, and publishes again when a file changes', async () => {
    const child = startCommand(['publish', folder, '--watch', '--json'], {
      env: { BLACKHOLE_HOME: home, BLACKHOLE_RELAY: relay.url },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text: string) => (stdout += text))
    child.stderr.on('data', (text: string) => (stderr += text))
    await expect.poll(() => stderr, { timeout: 30_000 }).toContain('Watching')
    await writeFile(join(folder, 'index.html'), '<!doctype html><h1>Changed</h1>')
    await expect.poll(() => stdout.split('\n').length, { timeout: 30_000 }).toBe(3)
    const versions = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as PublishResult).version)
    expect(versions).toEqual([1, 2])
    const exit = once(child, 'exit')
    child.kill('SIGINT')
    expect(await exit).toEqual([0, null])
  })
})

describe('publish --watch', { timeout: 120_000 }, () => {
  it('catches up by itself when the relay is back, with what the folder holds by then', async () => {
    const own = await startRelay({ args: ['--log-level', 'warn'] })
    const child = startCommand(['publish', folder, '--watch', '--json'], {
      env: { BLACKHOLE_HOME: home, BLACKHOLE_RELAY: own.url },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text: string) => (stdout += text))
    child.stderr.on('data', (text: string) => (stderr += text))
    try {
      await expect.poll(() => stderr, { timeout: 30_000 }).toContain('Watching')
      await own.kill()
      // What comes and goes at once may never be seen; what stays is.
      await writeFile(join(folder, 'kept.txt'), 'x')
      await writeFile(join(folder, 'passing.txt'), 'x')
      await rm(join(folder, 'passing.txt'))
      await expect.poll(() => stderr, { timeout: 30_000 }).toContain('It is tried again until it is.')
      expect(stderr).not.toContain('passing.txt')
      await writeFile(join(folder, 'index.html'), 'while it was down')
      await own.start()
      await expect.poll(() => stderr, { timeout: 60_000 }).toContain('Caught up')
      const { name, version } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as PublishResult
      expect(version).toBe(2)
      expect(await (await fetch(`${own.url}/ipns/${name}/index.html`)).text()).toBe('while it was down')
    } finally {
      const exit = once(child, 'exit')
      child.kill('SIGINT')
      await exit
      await own.stop()
    }
  })
})

describe('publish, when something is wrong', SLOW, () => {
  async function expectFailure(args: readonly string[], code: 1 | 2, message: string | RegExp): Promise<void> {
    const result = await owner.run(...args)
    expect(result.stderr).toMatch(message)
    expect(result.stdout).toBe('')
    expect(result.code).toBe(code)
  }

  it('refuses a folder that is missing, empty, or a file', async () => {
    await expectFailure(['publish', join(folder, 'nowhere'), '--json'], 1, /nowhere is not there/)
    await mkdir(join(folder, 'empty'))
    await expectFailure(['publish', join(folder, 'empty'), '--json'], 1, /empty has no files to publish/)
    await expectFailure(['publish', join(folder, 'index.html'), '--json'], 1, /index\.html is not a folder/)
    expect((await run('key', 'show')).stdout).toContain('No keys')
  })

  it('refuses a symbolic link and a name that is not UTF-8, naming it', async () => {
    await symlink('/etc/passwd', join(folder, 'link.txt'))
    await expectFailure(['publish', folder, '--json'], 1, /link\.txt is a symbolic link/)
    await rm(join(folder, 'link.txt'))
    await writeFile(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9)]), 'x')
    await expectFailure(['publish', folder, '--json'], 1, /caf.* is not UTF-8/)
  })

  it('refuses a file in the reserved folder and two names that are the same', async () => {
    await mkdir(join(folder, '.blackhole'))
    await writeFile(join(folder, '.blackhole/evil.js'), 'x')
    await expectFailure(['publish', folder, '--json'], 1, /\.blackhole.* is reserved/)
    await rm(join(folder, '.blackhole'), { recursive: true })
    await writeFile(join(folder, 'caf\u00e9'), 'x')
    await writeFile(join(folder, 'cafe\u0301'), 'x')
    await expectFailure(['publish', folder, '--json'], 1, /two files have this name/)
  })

  it('names the file that changes while it is read, and keeps the version before', async () => {
    const path = join(folder, 'growing.log')
    await writeFile(path, Buffer.alloc(8_000_000))
    const before = await publish()
    const controller = new AbortController()
    const grow = (async () => {
      for (let i = 0; !controller.signal.aborted; i++) {
        await writeFile(path, Buffer.alloc(8_000_000 + i))
        await wait(5)
      }
    })()
    try {
      await expectFailure(['publish', folder, '--json'], 1, /growing\.log changed while/)
    } finally {
      controller.abort()
      await grow
    }
    const { stdout } = await run('sites', before.name, '--json')
    expect((JSON.parse(stdout) as { versions: { version: number }[] }).versions.map(({ version }) => version)).toEqual([
      1,
    ])
  })

  it('says that the relay is down, and leaves no key behind', async () => {
    await expectFailure(['publish', folder, '--relay', 'http://127.0.0.1:9', '--json'], 1, /127\.0\.0\.1:9/)
    expect((await owner.run('key', 'show')).stdout).toContain('No keys')
  })

  it('says that something else answers at the address of the relay', async () => {
    for (const body of ['<h1>It works!</h1>', '{}', '{"peerId":1}', '[]', '']) {
      const server = createServer((_, response) => response.end(body)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
      await expectFailure(['publish', folder, '--relay', url, '--json'], 1, /did not answer as a Blackhole relay does/)
      server.close()
    }
  })

  it('says that the quota of the site is used up, and loses neither the version before nor the key', async () => {
    const small = await startRelay({ args: ['--log-level', 'warn', '--quota-bytes', '100000'] })
    try {
      const to = ['--relay', small.url]
      const before = await publish(...to)
      await writeFile(join(folder, 'large.bin'), Buffer.alloc(200_000, 1))
      await expectFailure(['publish', folder, ...to, '--json'], 1, /quota/i)
      const { stdout } = await owner.run('sites', before.name, ...to, '--json')
      expect(JSON.parse(stdout)).toMatchObject({ name: before.name, versions: [{ version: 1, root: before.root }] })
      await rm(join(folder, 'large.bin'))
      expect(await publish(...to)).toMatchObject({ name: before.name, version: 1, newBytes: 0 })
    } finally {
      await small.stop()
    }
  })

  it('refuses a key that is not the site’s, one that is none, and a wrong passphrase', async () => {
    const { name } = await publish('--key', 'one')
    await expectFailure(
      ['publish', folder, '--key', 'other', '--site', name, '--json'],
      1,
      /there is no key at .*other\.pem/,
    )
    await run('key', 'create', 'second')
    await expectFailure(['publish', folder, '--key', 'second', '--site', name, '--json'], 1, /is not the key of k51/)
    expect((await owner.run('key', 'show', 'other')).stderr).toContain("other.pem is not there or can't be read")
    await writeFile(join(root, 'garbage.pem'), 'not a key')
    await expectFailure(
      ['publish', folder, '--key', join(root, 'garbage.pem'), '--json'],
      1,
      /garbage\.pem is there, and holds no key\n.*key must be/,
    )
    await writeFile(join(root, 'passphrase'), 'right\n')
    await writeFile(join(root, 'wrong'), 'wrong\n')
    await run('key', 'create', 'secret', '--passphrase-file', join(root, 'passphrase'))
    await expectFailure(['publish', folder, '--key', 'secret', '--json'], 1, /a passphrase is needed/)
    await expectFailure(
      ['publish', folder, '--key', 'secret', '--passphrase-file', join(root, 'wrong'), '--json'],
      1,
      /passphrase of the key is wrong/,
    )
    await publish('--key', 'secret', '--passphrase-file', join(root, 'passphrase'))
    expect(await readFile(join(home, 'keys/secret.pem'), 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY')
  })

  it('takes the name of a file for that file, and not for the label of a new key', async () => {
    // Unit tests run in the repository's root.
    await expectFailure(['publish', folder, '--key', 'LICENSE', '--json'], 1, /for that file write \.\/LICENSE/)
    await expectFailure(['publish', folder, '--key', './LICENSE', '--json'], 1, /LICENSE is there, and holds no key/)
    expect((await owner.run('key', 'show')).stdout).toContain('No keys')
    // A key of this label is meant, if there is one.
    await owner.run('key', 'create', 'LICENSE')
    expect((await owner.run('publish', folder, '--key', 'LICENSE', '--json')).code).toBe(0)
  })

  it('says of a folder without a site what is to be named', async () => {
    for (const command of ['rollback', 'unpublish'])
      await expectFailure([command, folder, '--json'], 1, /has no site: nothing was published.*--key KEY/)
  })

  it('refuses a folder in place of a key', async () => {
    await expectFailure(['publish', folder, '--key', `${root}/`, '--json'], 1, /can't be read/)
  })
})
