import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { TestContext } from 'vitest'
import { relayPaths } from '@blackhole/protocol'
import { carOf } from './car-of.ts'
import { MIN_FREE_BYTES } from './limits.ts'
import { importFiles, newPublisher, publish, startTestRelay, upload } from './relay-harness.ts'
import { BlockFiles } from './state/block-files.ts'
import { openDatabase, transaction } from './state/database.ts'

const MiB = 1024 * 1024

let folder: string
let mounted = false

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blackhole-full-'))
})

afterEach(async () => {
  if (mounted) execFileSync('umount', [folder])
  mounted = false
  await rm(folder, { recursive: true, force: true })
})

/** Makes the folder a file system of so many bytes: nothing else runs out of space as a disk does. */
function limitDisk(context: TestContext, bytes: number): void {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(bytes)}`, 'blackhole-test', folder], { stdio: 'pipe' })
    mounted = true
  } catch (error) {
    context.skip(`a small file system can't be mounted here (only root may): ${String(error)}`)
  }
}

async function blockOf(bytes: Uint8Array): Promise<{ cid: CID; bytes: Uint8Array }> {
  return { cid: CID.createV1(raw.code, await sha256.digest(bytes)), bytes }
}

test('a block that finds no room says so, leaves nothing behind, and the others stay', async (context) => {
  limitDisk(context, 2 * MiB)
  const files = new BlockFiles(join(folder, 'blocks'))
  await files.open()
  const kept: CID[] = []
  const fill = async (): Promise<void> => {
    for (let at = 0; at < 10; at++) {
      const { cid, bytes } = await blockOf(new Uint8Array(MiB / 2).fill(at))
      await files.put(cid, bytes)
      kept.push(cid)
    }
  }
  await expect(fill()).rejects.toMatchObject({ reason: 'full', subject: 'disk', message: "The relay's disk is full" })
  expect(kept.length).toBeGreaterThan(1)
  expect(await readdir(join(folder, 'blocks/.incoming'))).toEqual([])
  for (const [at, cid] of kept.entries()) expect((await files.read(cid))[0]).toBe(at)
})

test('a database that finds no room says so, and keeps what was committed', (context) => {
  limitDisk(context, MiB)
  const path = join(folder, 'state.sqlite')
  const database = openDatabase(path)
  let rows = 0
  const fill = (): void => {
    for (; rows < 1000; rows++) {
      transaction(database, () => {
        database.prepare('INSERT INTO datastore VALUES (?, ?)').run(String(rows), new Uint8Array(32 * 1024))
      })
    }
  }
  expect(fill).toThrow(expect.objectContaining({ reason: 'full', subject: 'disk' }) as Error)
  expect(rows).toBeGreaterThan(1)
  const count = (): number => Number(database.prepare('SELECT COUNT(*) AS rows FROM datastore').get()?.['rows'])
  expect(count()).toBe(rows)
  database.close()
})

test('a relay whose disk is full refuses uploads, serves what it has, and goes on once there is room', async (context) => {
  limitDisk(context, MIN_FREE_BYTES + 24 * MiB)
  const relay = await startTestRelay({ data: join(folder, 'data') })
  try {
    const owner = await newPublisher()
    const one = await importFiles({ 'index.html': 'one' })
    expect((await publish(relay, owner, one)).response.status).toBe(200)
    const filler = join(folder, 'filler')
    await writeFile(filler, new Uint8Array(24 * MiB))

    const refused = await upload(relay, owner, carOf([await blockOf(new Uint8Array(1000).fill(2))]))
    expect(refused.status).toBe(507)
    expect(await refused.json()).toMatchObject({ reason: 'full', subject: 'disk', message: "The relay's disk is full" })
    expect((await relay.fetch('/healthz')).status).toBe(200)
    expect(await (await relay.fetch(`/ipns/${owner.name}/index.html`)).text()).toBe('one')
    expect(await (await relay.fetch(relayPaths.site(owner.name))).json()).toMatchObject({ version: 1 })

    await rm(filler)
    const two = await importFiles({ 'index.html': 'two' }, { previous: { root: one.root, manifest: one.manifest } })
    expect((await publish(relay, owner, two)).response.status).toBe(200)
    expect(await (await relay.fetch(`/ipns/${owner.name}/index.html`)).text()).toBe('two')
  } finally {
    await relay.stop()
  }
})
