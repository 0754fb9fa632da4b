import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { relayPaths, type Manifest, type RelayInfo } from '@blackhole/protocol'
import type { PublishResult } from '@blackhole/testkit'
import { describe, expect, it } from 'vitest'
import { testOwner } from './owner-harness.ts'

/** A relay is a process of its own, on a machine that does other things too. */
const SLOW = { timeout: 60_000 }

const ORIGIN = 'https://www.example.com'

// Blocks are read from their files, which a test damages.
const owner = testOwner(['--hot-bytes', '0'])

async function manifestOf({ root: version }: PublishResult): Promise<Manifest> {
  const response = await fetch(`${owner.relay.url}/ipfs/${version}/.blackhole/manifest.json`)
  return (await response.json()) as Manifest
}

describe('the version before', SLOW, () => {
  it('is gone on from at a relay that serves no content', async () => {
    const first = await owner.publish('--origin', ORIGIN, '--documents', 'site')
    await owner.relay.serveContent(false)
    try {
      expect(await owner.publish()).toEqual({ ...first, newPieces: 0, newBytes: 0 })
      await writeFile(join(owner.folder, 'index.html'), 'changed')
      const second = await owner.publish()
      const ended = await owner.run('unpublish', owner.folder, '--json')
      await owner.relay.serveContent(true)
      const kept = { origins: [ORIGIN], documents: 'site' }
      expect(await manifestOf(second)).toMatchObject({ ...kept, sequence: 2, previous: first.root })
      expect(await manifestOf(JSON.parse(ended.stdout) as PublishResult)).toMatchObject({ ...kept, retired: true })
    } finally {
      await owner.relay.serveContent(true)
    }
  })

  it('is not overwritten unread: what would be lost of it has to be stated', async () => {
    const first = await owner.publish('--origin', ORIGIN)
    await damageBlocks()
    for (const stated of [[], ['--origin', ORIGIN], ['--documents', 'origin']]) {
      const { code, stdout, stderr } = await owner.run('publish', owner.folder, '--json', ...stated)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/version 1 .*can't be read.*\(--origin, --documents\)/)
    }
    const next = await owner.publish('--origin', 'none', '--documents', 'origin')
    expect(next).toMatchObject({ name: first.name, version: 2 })
    expect(await manifestOf(next)).toMatchObject({ origins: [], documents: 'origin', sequence: 2 })
  })

  async function damageBlocks(): Promise<void> {
    const files = await readdir(join(owner.relay.data, 'blocks'), { recursive: true, withFileTypes: true })
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
    const relays = [...broken, owner.relay].flatMap(({ url }) => ['--relay', url])
    try {
      const one = await owner.run('publish', owner.folder, '--json', ...relays)
      for (const { url } of broken) expect(one.stderr).toContain(`warning: ${url} did not take it: ${url}`)
      const { name, url, version } = JSON.parse(one.stdout) as PublishResult
      expect([url, version]).toEqual([`http://${name}.localhost:${String(owner.relay.port)}/`, 1])
      await writeFile(join(owner.folder, 'index.html'), 'changed')
      expect(await owner.publish(...relays)).toMatchObject({ version: 2 })
      const back = await owner.run('rollback', owner.folder, '--json', ...relays)
      expect(JSON.parse(back.stdout)).toMatchObject({ version: 3, restored: 1 })
      const listed = await owner.run('sites', name, '--json', ...relays)
      expect(JSON.parse(listed.stdout)).toMatchObject({ versions: [{ version: 3 }, { version: 2 }, { version: 1 }] })
      expect((await owner.run('sites', '--json', ...relays)).stdout).toContain(name)

      const alone = await owner.run('publish', owner.folder, '--json', ...relays.slice(0, 4))
      expect(alone).toMatchObject({ code: 1, stdout: '' })
      for (const { url } of broken) expect(alone.stderr).toContain(url)
    } finally {
      for (const server of broken) server.close()
    }
  })
})
