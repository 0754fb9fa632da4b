import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createInterface } from 'node:readline'
import { CID } from 'multiformats/cid'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CONTENT_TYPES, relayPaths } from '@blackhole/protocol'
import { carOf } from './car-of.ts'
import {
  authorization,
  importFiles,
  newPublisher,
  publish,
  putRecord,
  startTestRelay,
  upload,
} from './relay-harness.ts'
import type { TestRelay } from './relay-harness.ts'

const running: TestRelay[] = []
let data: string

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'blackhole-relay-'))
})

afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
  await rm(data, { recursive: true, force: true })
})

async function start(init: Parameters<typeof startTestRelay>[0] = {}): Promise<TestRelay> {
  const relay = await startTestRelay({ data, ...init })
  running.push(relay)
  return relay
}

describe('a relay', () => {
  test("keeps identity, addresses and sites over a restart; secrets are its owner's alone", async () => {
    const first = await start({ webRtcPort: 0 })
    const owner = await newPublisher()
    const site = await importFiles({ 'index.html': 'stays' })
    await publish(first, owner, site)
    const { peerId, addresses, stun } = first.relay.info
    expect(stun).toEqual([expect.stringMatching(/^stun:127\.0\.0\.1:\d+$/)])
    const certhash = (list: readonly string[]): string | undefined =>
      list.find((address) => address.includes('webrtc-direct'))?.match(/certhash\/([^/]+)/)?.[1]
    expect(certhash(addresses)).toBeDefined()
    for (const secret of ['key', 'admin-token', 'webrtc-certificate'])
      expect((await stat(join(data, secret))).mode & 0o777, secret).toBe(0o600)
    await running.pop()?.stop()

    const second = await start({ webRtcPort: 0 })
    expect(second.relay.info.peerId).toBe(peerId)
    expect(certhash(second.relay.info.addresses)).toBe(certhash(addresses))
    expect(await (await second.fetch(relayPaths.site(owner.name))).json()).toMatchObject({
      root: site.root,
      version: 1,
    })
    expect(await (await second.fetch(`/ipns/${owner.name}/index.html`)).text()).toBe('stays')
  })

  test('a port that is taken, a folder that cannot be written, damaged or newer state: each names the option', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    try {
      await expect(start({ port: (taken.address() as AddressInfo).port })).rejects.toMatchObject({
        name: 'ValidationError',
        subject: 'port',
      })
    } finally {
      taken.close()
    }
    await expect(start({ host: '203.0.113.1' })).rejects.toMatchObject({ name: 'ValidationError', subject: 'host' })
    await expect(start({ data: '/dev/null/nowhere' })).rejects.toMatchObject({
      name: 'ValidationError',
      subject: 'data',
    })
    // Node's own recursive mkdir goes on for ever there.
    await expect(start({ data: '/proc/nowhere' })).rejects.toMatchObject({ name: 'ValidationError', subject: 'data' })
    await expect(start({ scripts: '/nowhere' })).rejects.toMatchObject({ name: 'ValidationError', subject: 'scripts' })

    await writeFile(join(data, 'state.sqlite'), Buffer.alloc(8192, 7))
    await expect(start()).rejects.toMatchObject({ reason: 'corrupt', subject: 'data' })
    await rm(join(data, 'state.sqlite'))
    const newer = new DatabaseSync(join(data, 'state.sqlite'))
    newer.exec('PRAGMA user_version = 999')
    newer.close()
    await expect(start()).rejects.toMatchObject({ reason: 'unsupported', subject: 'data' })
    await rm(join(data, 'state.sqlite'))
    await writeFile(join(data, 'key'), 'no key')
    await expect(start()).rejects.toMatchObject({ name: 'ValidationError', subject: 'data' })
    await chmod(join(data, 'key'), 0o600)
    await rm(join(data, 'key'))
    expect((await (await start()).fetch('/healthz')).status).toBe(200)
  })

  test('serves the scripts it was given, under each origin, with the header that a worker needs', async () => {
    const scripts = join(data, 'scripts')
    const { mkdir } = await import('node:fs/promises')
    await mkdir(scripts)
    for (const name of ['blackhole.js', 'blackhole-sw.js', 'blackhole-sw-start.js', 'blackhole-peer.js'])
      await writeFile(join(scripts, name), `// ${name}`)
    const relay = await start({ scripts })
    for (const path of ['/blackhole.js', '/.blackhole/blackhole-peer.js', '/blackhole-sw.js']) {
      const response = await relay.fetch(path)
      expect(await response.text()).toBe(`// ${path.split('/').at(-1) ?? ''}`)
      expect(response.headers.get('content-type')).toContain('text/javascript')
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(
        (await relay.fetch(path, { headers: { 'if-none-match': response.headers.get('etag') ?? '' } })).status,
      ).toBe(304)
    }
    expect((await relay.fetch('/.blackhole/blackhole-sw.js')).headers.get('service-worker-allowed')).toBe('/')
    await writeFile(join(scripts, 'blackhole.js'), '// built anew')
    expect(await (await relay.fetch('/blackhole.js')).text()).toBe('// built anew')
  })

  test('killed in the middle of an upload, it starts whole and the upload goes on', async () => {
    const child = spawn(
      process.execPath,
      [
        '--experimental-transform-types',
        '--no-warnings',
        '--input-type=module-typescript',
        '-e',
        `import { createRelay } from ${JSON.stringify(new URL('relay.ts', import.meta.url).href)}
       const relay = createRelay({ port: 0, webRtcPort: -1, logLevel: 'silent', data: ${JSON.stringify(data)} })
       await relay.start()
       console.log(JSON.stringify({ url: relay.url, info: relay.info }))`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const owner = await newPublisher()
    const earlier = await importFiles({ 'index.html': 'earlier' })
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`${String(at)}.bin`, new Uint8Array(40_000).fill(at)]),
    )
    const site = await importFiles(
      { ...files, 'index.html': 'later' },
      { previous: { root: earlier.root, manifest: earlier.manifest } },
    )
    const blocks = await Promise.all(
      [...site.blocks.keys()].map(async (cid) => ({ cid: CID.parse(cid), bytes: await site.readBlock(cid) })),
    )
    try {
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
      const { url, info } = JSON.parse(line) as { url: string; info: TestRelay['relay']['info'] }
      const remote = {
        relay: { url, info } as TestRelay['relay'],
        data,
        fetch: (path: string, init?: RequestInit) => fetch(new URL(path, url), init),
        stop: () => Promise.resolve(),
      }
      expect((await publish(remote, owner, earlier)).response.status).toBe(200)

      const car = carOf(blocks)
      let sent = 0
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (sent > car.byteLength / 2) {
            // Half is on its way: the relay dies once the first 64 blocks count, and some more are on disk.
            await vi.waitFor(
              async () => {
                const names = await readdir(join(data, 'blocks'), { recursive: true })
                expect(names.filter((name) => name.endsWith('.data')).length).toBeGreaterThan(80)
              },
              { timeout: 20_000, interval: 20 },
            )
            child.kill('SIGKILL')
            return new Promise(() => undefined)
          }
          controller.enqueue(car.subarray(sent, (sent += 64 * 1024)))
          return undefined
        },
      })
      const cut = fetch(new URL(relayPaths.blocks(owner.name), url), {
        method: 'POST',
        body,
        duplex: 'half',
        headers: { authorization: await authorization(owner, remote.relay), 'content-type': CONTENT_TYPES.car },
      } as RequestInit)
      await expect(cut).rejects.toThrow()
      await once(child, 'exit').catch(() => undefined)
    } finally {
      child.kill('SIGKILL')
    }

    const relay = await start()
    expect(await (await relay.fetch(relayPaths.site(owner.name))).json()).toMatchObject({
      root: earlier.root,
      version: 1,
    })
    expect(await (await relay.fetch(`/ipns/${owner.name}/`)).text()).toBe('earlier')
    const resumed = await publish(relay, owner, site)
    expect(resumed.response.status).toBe(200)
    expect(resumed.uploaded).toBeLessThan(blocks.length)
    expect(resumed.uploaded).toBeGreaterThan(0)
    for (const at of [0, 150, 299]) {
      const answer = new Uint8Array(await (await relay.fetch(`/ipns/${owner.name}/${String(at)}.bin`)).arrayBuffer())
      expect(Buffer.compare(answer, files[`${String(at)}.bin`] as Uint8Array)).toBe(0)
    }
  }, 60_000)

  test('a block whose file was damaged is not served, and can be uploaded again', async () => {
    const relay = await start()
    const owner = await newPublisher()
    const site = await importFiles({ 'index.html': 'precious bytes' })
    await publish(relay, owner, site)
    const cid = site.manifest.files['index.html']?.cid ?? ''
    const names = await readdir(join(data, 'blocks'), { recursive: true })
    const { base32upper } = await import('multiformats/bases/base32')
    const file = names.find((name) => name.includes(base32upper.encode(CID.parse(cid).multihash.bytes))) ?? ''
    await writeFile(join(data, 'blocks', file), 'precious')
    expect((await relay.fetch(`/ipfs/${cid}?format=raw`)).status).toBe(404)
    const again = await upload(relay, owner, carOf([{ cid: CID.parse(cid), bytes: Buffer.from('precious bytes') }]))
    expect(again.status).toBe(200)
    expect(await (await relay.fetch(`/ipfs/${cid}?format=raw`)).text()).toBe('precious bytes')
    expect((await putRecord(relay, owner, site.root, 2)).status).toBe(200)
  })
})
