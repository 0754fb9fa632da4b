import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { relayPaths, type Manifest, type RelayInfo } from '@blackhole/protocol'
import { startRelay } from '@blackhole/testkit'
import type { CommandResult, PublishResult, RelayProcess } from '@blackhole/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { COMMANDS } from './commands.ts'
import { runCli } from './run-cli.ts'

/** A relay is a process of its own, on a machine that does other things too. */
const SLOW = { timeout: 60_000 }

const ORIGIN = 'https://www.example.com'

let root: string
let folder: string
let home: string
let relay: RelayProcess

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'blackhole-relays-'))
  // Blocks are read from their files, which a test damages.
  relay = await startRelay({ args: ['--log-level', 'warn', '--hot-bytes', '0'] })
}, 90_000)

afterAll(async () => {
  await relay.stop()
  await rm(root, { recursive: true, force: true })
})

beforeEach(async () => {
  home = await mkdtemp(join(root, 'home-'))
  folder = await mkdtemp(join(root, 'site-'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><h1>Hello</h1>')
})

async function run(...args: string[]): Promise<CommandResult> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const env = { BLACKHOLE_HOME: home, BLACKHOLE_RELAY: relay.url }
  const components = { stdout, stderr, env, signal: new AbortController().signal, scripts: '' }
  const code = await runCli(args, components, { commands: COMMANDS, version: '' })
  const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? ''
  return { code, stdout: text(stdout), stderr: text(stderr) }
}

async function publish(...args: string[]): Promise<PublishResult> {
  const { code, stdout, stderr } = await run('publish', folder, '--json', ...args)
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error:')])
  return JSON.parse(stdout) as PublishResult
}

async function manifestOf({ root: version }: PublishResult): Promise<Manifest> {
  const response = await fetch(`${relay.url}/ipfs/${version}/.blackhole/manifest.json`)
  return (await response.json()) as Manifest
}

describe('the version before', SLOW, () => {
  it('is gone on from at a relay that serves no content', async () => {
    const first = await publish('--origin', ORIGIN, '--documents', 'site')
    await relay.serveContent(false)
    try {
      expect(await publish()).toEqual({ ...first, newPieces: 0, newBytes: 0 })
      await writeFile(join(folder, 'index.html'), 'changed')
      const second = await publish()
      const ended = await run('unpublish', folder, '--json')
      await relay.serveContent(true)
      const kept = { origins: [ORIGIN], documents: 'site' }
      expect(await manifestOf(second)).toMatchObject({ ...kept, sequence: 2, previous: first.root })
      expect(await manifestOf(JSON.parse(ended.stdout) as PublishResult)).toMatchObject({ ...kept, retired: true })
    } finally {
      await relay.serveContent(true)
    }
  })

  it('is not overwritten unread: what would be lost of it has to be stated', async () => {
    const first = await publish('--origin', ORIGIN)
    await damageBlocks()
    for (const stated of [[], ['--origin', ORIGIN], ['--documents', 'origin']]) {
      const { code, stdout, stderr } = await run('publish', folder, '--json', ...stated)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/version 1 .*can't be read.*\(--origin, --documents\)/)
    }
    const next = await publish('--origin', 'none', '--documents', 'origin')
    expect(next).toMatchObject({ name: first.name, version: 2 })
    expect(await manifestOf(next)).toMatchObject({ origins: [], documents: 'origin', sequence: 2 })
  })

  async function damageBlocks(): Promise<void> {
    const files = await readdir(join(relay.data, 'blocks'), { recursive: true, withFileTypes: true })
    const blocks = files.filter((entry) => entry.isFile())
    expect(blocks.length).toBeGreaterThan(0)
    await Promise.all(blocks.map(({ parentPath, name }) => writeFile(join(parentPath, name), 'damaged')))
  }
})

describe('one broken relay of several', SLOW, () => {
  /** Says who it is as a relay does, and answers every other question with the same. */
  async function startBroken(status: number, body: string): Promise<Server & { url: string }> {
    const info: RelayInfo = {
      peerId: '12D3KooWAZ1kaKtVgFRbJUFwE1SfuCueYaSaWp693ZndPzvtm7kp',
      version: '1',
      addresses: [],
      stun: [],
      siteHost: 'localhost',
      maxUploadBytes: 1_000_000,
      serving: true,
    }
    const server = createServer(({ url }, response) => {
      const isInfo = url === relayPaths.relay()
      response.writeHead(isInfo ? 200 : status).end(isInfo ? JSON.stringify(info) : body)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return Object.assign(server, { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` })
  }

  it('does not stop a publish, a rollback or a list', async () => {
    const broken = [await startBroken(200, 'not a record'), await startBroken(500, 'out of order')]
    const relays = [...broken, relay].flatMap(({ url }) => ['--relay', url])
    try {
      const one = await run('publish', folder, '--json', ...relays)
      for (const { url } of broken) expect(one.stderr).toContain(`warning: ${url} did not take it: ${url}`)
      const { name, url, version } = JSON.parse(one.stdout) as PublishResult
      expect([url, version]).toEqual([`http://${name}.localhost:${String(relay.port)}/`, 1])
      await writeFile(join(folder, 'index.html'), 'changed')
      expect(await publish(...relays)).toMatchObject({ version: 2 })
      const back = await run('rollback', folder, '--json', ...relays)
      expect(JSON.parse(back.stdout)).toMatchObject({ version: 3, restored: 1 })
      const listed = await run('sites', name, '--json', ...relays)
      expect(JSON.parse(listed.stdout)).toMatchObject({ versions: [{ version: 3 }, { version: 2 }, { version: 1 }] })
      expect((await run('sites', '--json', ...relays)).stdout).toContain(name)

      const alone = await run('publish', folder, '--json', ...relays.slice(0, 4))
      expect(alone).toMatchObject({ code: 1, stdout: '' })
      for (const { url } of broken) expect(alone.stderr).toContain(url)
    } finally {
      for (const server of broken) server.close()
    }
  })
})
