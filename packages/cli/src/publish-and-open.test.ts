import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRelay } from '@blackhole/relay'
import type { Relay } from '@blackhole/relay'
import { createBlackhole, createSiteKey, memoryFile } from '@blackhole/sdk'
import type { Blackhole, BlackholeComponents, PublishProgress, SiteStatus } from '@blackhole/sdk'

/** Processes of their own are not needed, but WebRTC and a busy machine take their time. */
const SLOW = { timeout: 60_000 } as const

const MiB = 1024 * 1024

let data: string
let relay: Relay
const running: Blackhole[] = []

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'blackhole-open-'))
  relay = createRelay({ port: 0, stunPort: -1, webRtcPort: -1, data, logLevel: 'silent' })
  await relay.start()
}, 60_000)

afterAll(async () => {
  await Promise.all(running.map((blackhole) => blackhole.stop()))
  await relay.stop()
  await rm(data, { recursive: true, force: true })
}, 60_000)

async function start(components: Partial<BlackholeComponents> = {}, relays = [relay.url]): Promise<Blackhole> {
  const blackhole = await createBlackhole({ relays }, components)
  running.push(blackhole)
  return blackhole
}

/** Bytes that look random and are the same each time. */
function noise(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  let state = seed
  for (let at = 0; at < size; at++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
    bytes[at] = state >> 16
  }
  return bytes
}

async function setServing(serving: boolean): Promise<void> {
  const token = (await readFile(join(data, 'admin-token'), 'utf8')).trim()
  const response = await fetch(new URL('/.blackhole/api/v1/admin/content', relay.url), {
    method: 'POST',
    body: JSON.stringify({ serving }),
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
  })
  expect(response.ok).toBe(true)
}

async function contentBytes(): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', relay.url))).text()
  return [...metrics.matchAll(/^blackhole_content_bytes_total\{.*\} (\d+)/gm)].reduce(
    (sum, [, bytes]) => sum + Number(bytes),
    0,
  )
}

describe('publishing with the SDK', SLOW, () => {
  it('uploads only what the relay lacks, and keeps root and version of the same content', async () => {
    const { sites } = await start()
    const key = await createSiteKey()
    const [index, big] = [memoryFile('index.html', '<h1>1</h1>'), memoryFile('big.bin', noise(2.5 * MiB, 1))]
    const first = await sites.publish([index, big], { key })
    expect(first).toMatchObject({
      name: key.name,
      version: 1,
      files: 2,
      newPieces: 4,
      newBytes: 2.5 * MiB + 10,
      failed: [],
    })
    expect(first.url).toBe(`http://${key.name}.localhost:${new URL(relay.url).port}/`)
    expect(await sites.publish([index, big], { key })).toMatchObject({
      version: 1,
      root: first.root,
      newPieces: 0,
      newBytes: 0,
    })
    expect(await sites.publish([memoryFile('index.html', '<h1>2</h1>'), big], { key })).toMatchObject({
      version: 2,
      newPieces: 1,
      newBytes: 10,
    })
  })

  it('goes on where an upload broke off', async () => {
    let uploads = 0
    let sent = 0
    const flaky: typeof fetch = async (input, init) => {
      if (init?.method !== 'POST' || !(input as string).endsWith('/blocks')) return await fetch(input, init)
      uploads++
      if (uploads % 2 === 0) throw new TypeError('fetch failed')
      sent += (init.body as Uint8Array).byteLength
      return await fetch(input, init)
    }
    const { sites } = await start({ fetch: flaky })
    const key = await createSiteKey()
    const progress: PublishProgress[] = []
    const published = await sites.publish([memoryFile('index.html', 'x'), memoryFile('big.bin', noise(20 * MiB, 2))], {
      key,
      onProgress: (event) => {
        progress.push(event)
      },
    })
    expect(uploads).toBeGreaterThan(3)
    // Nothing that got through is sent again.
    expect(sent).toBeLessThan(20 * MiB + 0.1 * MiB)
    const last = progress.findLast(({ type }) => type === 'upload')
    expect(last).toMatchObject({ blocks: published.newPieces + 4, totalBlocks: published.newPieces + 4 })
  })

  it('succeeds when one of two relays is down, and says which', async () => {
    const { sites } = await start({}, ['http://127.0.0.1:9', relay.url])
    const published = await sites.publish([memoryFile('index.html', 'x')], { key: await createSiteKey() })
    expect(published.failed).toMatchObject([{ url: 'http://127.0.0.1:9' }])
    expect(published.urls).toEqual([published.url])
  })

  it('names the relay that is down', async () => {
    const { sites } = await start({}, ['http://127.0.0.1:9'])
    await expect(sites.publish([memoryFile('index.html', 'x')], { key: await createSiteKey() })).rejects.toThrow(
      /http:\/\/127\.0\.0\.1:9\/.* can't be reached/,
    )
  })

  it('rolls back to an older content under a newer number, and publishes on from there', async () => {
    const { sites } = await start()
    const key = await createSiteKey()
    const one = await sites.publish([memoryFile('index.html', 'one')], { key })
    const two = await sites.publish([memoryFile('index.html', 'two')], { key })
    expect(await sites.rollback({ key })).toMatchObject({ root: one.root, version: 3, restored: 1 })
    expect(await (await fetch(new URL(`/ipns/${key.name}/`, relay.url))).text()).toContain('one')
    expect((await sites.versions(key.name)).map(({ version, root }) => [version, root])).toEqual([
      [3, one.root],
      [2, two.root],
      [1, one.root],
    ])
    expect(await sites.publish([memoryFile('index.html', 'one')], { key })).toMatchObject({
      root: one.root,
      version: 3,
      newPieces: 0,
    })
    expect(await sites.publish([memoryFile('index.html', 'three')], { key })).toMatchObject({ version: 4 })
    await expect(sites.rollback({ key, version: 99 })).rejects.toMatchObject({ reason: 'missing' })
  })

  it('ends a site', async () => {
    const { sites } = await start()
    const key = await createSiteKey()
    await sites.publish([memoryFile('index.html', 'one')], { key })
    const ended = await sites.retire({ key })
    expect(ended.version).toBe(2)
    const site = await sites.open(key.name)
    expect(site.version.manifest.retired).toBe(true)
    await site.close()
  })
})

describe('opening a site with the SDK', SLOW, () => {
  it('reads a site from another peer over WebRTC while the relay serves nothing', async () => {
    const publisher = await start()
    const key = await createSiteKey()
    const big = noise(3 * MiB + 5, 3)
    await publisher.sites.publish(
      [
        memoryFile('index.html', '<h1>Hello</h1>'),
        memoryFile('empty.txt', ''),
        memoryFile('big.bin', big),
        memoryFile('404.html', 'Not here'),
      ],
      { key },
    )

    const holder = await (await start()).sites.open(key.name, { seed: 'all', uploadBytesPerSecond: 100 * MiB })
    let served = 0
    // The small files may come after the large one: all is there when half a second brings nothing more.
    const isThere = async (): Promise<boolean> => {
      const before = served
      served = await contentBytes()
      return holder.counters.received.http > big.byteLength && served === before
    }
    await expect.poll(isThere, { interval: 500, timeout: 20_000 }).toBe(true)
    await setServing(false)
    try {
      const reader = await (await start()).sites.open(key.name, { openTimeoutMs: 30_000 })
      expect(await (await reader.fetch('/')).text()).toBe('<h1>Hello</h1>')
      expect(await (await reader.fetch('/empty.txt')).text()).toBe('')
      expect(await (await reader.fetch('/nowhere')).text()).toBe('Not here')
      const range = await reader.fetch('/big.bin', { headers: { Range: 'bytes=1048570-1048585' } })
      expect(range.status).toBe(206)
      expect(new Uint8Array(await range.arrayBuffer())).toEqual(big.slice(1_048_570, 1_048_586))
      // A matcher would look at each of three million elements.
      expect(Buffer.from(await (await reader.fetch('/big.bin')).arrayBuffer()).equals(big)).toBe(true)
      expect(reader.counters.received.http).toBe(0)
      expect(reader.counters.received.peers).toBeGreaterThan(big.byteLength)
      expect(holder.counters.shared).toBeGreaterThan(big.byteLength)
      expect(await contentBytes()).toBe(served)
      await reader.close()
    } finally {
      await setServing(true)
    }
    await holder.close()
  })

  it('follows an update, and its status tells of that, of bytes, and that it was closed', async () => {
    const blackhole = await start()
    const told: (readonly SiteStatus[])[] = []
    blackhole.addEventListener('status', ({ detail }) => told.push(detail))
    const key = await createSiteKey()
    const first = await blackhole.sites.publish([memoryFile('index.html', 'one')], { key })
    expect(blackhole.status()).toEqual([])
    const site = await blackhole.sites.open(key.name)
    const opened = { name: key.name, version: 1, root: first.root, peers: expect.any(Number) as number, shared: 0 }
    expect(told.at(-1)).toEqual([{ ...opened, received: { local: 0, peers: 0, http: expect.any(Number) as number } }])
    expect(told.at(-1)).toEqual(blackhole.status())
    const before = blackhole.status()[0]?.received.http ?? 0
    expect(await (await site.fetch('/')).text()).toBe('one')
    await expect.poll(() => told.at(-1)?.[0]?.received.http).toBeGreaterThan(before)

    const second = await blackhole.sites.publish([memoryFile('index.html', 'two')], { key })
    await expect.poll(async () => await (await site.fetch('/')).text(), { timeout: 20_000 }).toBe('two')
    expect(told.at(-1)).toMatchObject([{ version: 2, root: second.root }])
    await site.close()
    expect(blackhole.status()).toEqual([])
    expect(told.at(-1)).toEqual([])
  })

  it('says when nobody has a site', async () => {
    const { sites } = await start()
    const { name } = await createSiteKey()
    await expect(sites.open(name, { openTimeoutMs: 1_000 })).rejects.toMatchObject({
      reason: 'missing',
      message: expect.stringContaining(name) as string,
    })
    await expect(sites.open('k51nonsense')).rejects.toMatchObject({ reason: 'invalid' })
  })
})
