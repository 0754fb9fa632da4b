import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { SiteName } from '@blackhole/protocol'
import { BlockFiles } from '../state/block-files.ts'
import { openDatabase } from '../state/database.ts'
import { SiteTable } from '../state/site-table.ts'
import { BlockVault } from './block-vault.ts'

const HOUR = 3_600_000
const SITE = 'k51site' as SiteName

describe('BlockVault', () => {
  let folder: string
  let now: number
  let database: DatabaseSync
  let files: BlockFiles
  let vault: BlockVault

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blackhole-vault-'))
    now = Date.now()
    database = openDatabase(join(folder, 'state.sqlite'))
    files = new BlockFiles(join(folder, 'blocks'))
    await files.open()
    vault = new BlockVault({ database, files, now: () => now }, { quotaBytes: 1000 })
  })

  afterEach(async () => {
    database.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function store(text: string, owner = 'a'): Promise<CID> {
    const bytes = Buffer.from(text)
    const cid = CID.createV1(raw.code, await sha256.digest(bytes))
    await vault.write(cid, bytes, 'the test')
    vault.commit([{ cid, size: bytes.byteLength }], owner)
    return cid
  }

  test('a block counts once it is committed, for whom it came from, once', async () => {
    const bytes = Buffer.from('hello')
    const cid = CID.createV1(raw.code, await sha256.digest(bytes))
    expect(await vault.write(cid, bytes, 'the test')).toBe(true)
    expect(vault.has(cid)).toBe(false)
    vault.commit([{ cid, size: 5 }], 'a')
    vault.commit([{ cid, size: 5 }], 'b')
    expect([vault.size(cid), vault.used('a'), vault.used('b'), vault.totals()]).toEqual([
      5,
      5,
      0,
      { blocks: 1, bytes: 5 },
    ])
    expect(await vault.write(cid, bytes, 'the test')).toBe(false)
    expect(Buffer.from((await vault.get(cid)) ?? [])).toEqual(bytes)
    await expect(vault.checkRoom('a', 996)).rejects.toMatchObject({ reason: 'full', subject: 'quota' })
  })

  test('what does not hash to its CID, or is no UnixFS, is refused', async () => {
    const cid = CID.createV1(raw.code, await sha256.digest(Buffer.from('a')))
    await expect(vault.write(cid, Buffer.from('b'), 'the test')).rejects.toMatchObject({ name: 'CorruptBlockError' })
    const cbor = CID.createV1(0x71, await sha256.digest(Buffer.from('a')))
    await expect(vault.write(cbor, Buffer.from('a'), 'the test')).rejects.toMatchObject({ name: 'ValidationError' })
  })

  test('a CID that holds its own bytes is always here', async () => {
    const cid = CID.createV1(raw.code, identity.digest(Buffer.from('tiny')))
    expect([vault.has(cid), Buffer.from((await vault.get(cid)) ?? []).toString(), vault.missing([cid])]).toEqual([
      true,
      'tiny',
      [],
    ])
  })

  test('collecting takes what nobody pins or wanted lately, and files that no row knows', async () => {
    const [old, wanted, pinned] = await Promise.all([store('old'), store('wanted'), store('pinned')])
    const orphan = CID.createV1(raw.code, await sha256.digest(Buffer.from('orphan')))
    await files.put(orphan, Buffer.from('orphan'))
    const sites = new SiteTable(database)
    sites.publish(
      {
        name: SITE,
        record: new Uint8Array(1),
        sequence: 1,
        root: 'r',
        expires: 1,
        files: 1,
        bytes: 6,
        origins: [],
        retired: false,
        blocks: [vault.idOf(pinned) ?? 0],
      },
      now,
    )
    const count = async (): Promise<number> =>
      (await readdir(join(folder, 'blocks'), { recursive: true })).filter((name) => name.endsWith('.data')).length

    expect(await vault.collect(now)).toBe(0)
    expect(await count()).toBe(4)
    now += 25 * HOUR
    expect(vault.missing([wanted, orphan])).toEqual([orphan])
    expect(await vault.collect(now - 24 * HOUR)).toBe(1)
    expect([vault.has(old), vault.has(wanted), vault.has(pinned)]).toEqual([false, true, true])
    expect(await count()).toBe(2)
    expect(vault.used('a')).toBe('wanted'.length + 'pinned'.length)
    expect(await vault.get(wanted)).toBeDefined()
  })

  test('a block is read and checked once, for all who ask meanwhile and after, until it is collected', async () => {
    const read = vi.spyOn(files, 'read')
    const cid = await store('wanted by many')
    const all = await Promise.all([vault.get(cid), vault.get(cid), vault.get(cid)])
    expect(new Set(all).size).toBe(1)
    await rm(files.fileOf(cid))
    expect(Buffer.from((await vault.get(cid)) ?? []).toString()).toBe('wanted by many')
    expect(read).toHaveBeenCalledTimes(1)

    now += 25 * HOUR
    expect(await vault.collect(now)).toBe(1)
    expect(await vault.get(cid)).toBeUndefined()
  })

  test('a block that is collected while it is read does not stay in memory', async () => {
    const cid = await store('going')
    const reading = vault.get(cid)
    now += 25 * HOUR
    const collecting = vault.collect(now)
    await Promise.all([reading, collecting])
    expect(await vault.get(cid)).toBeUndefined()
  })

  test('with no memory for it, a block is read each time', async () => {
    const cold = new BlockVault({ database, files, now: () => now }, { quotaBytes: 1000, hotBytes: 0 })
    const cid = await store('cold')
    expect(await cold.get(cid)).toBeDefined()
    await rm(files.fileOf(cid))
    expect(await cold.get(cid)).toBeUndefined()
  })

  test('versions past the tenth let their blocks go', async () => {
    const sites = new SiteTable(database)
    const blocks: CID[] = []
    for (let sequence = 1; sequence <= 12; sequence += 1) {
      const cid = await store(`version ${String(sequence)}`)
      blocks.push(cid)
      sites.publish(
        {
          name: SITE,
          record: new Uint8Array(1),
          sequence,
          root: `r${String(sequence)}`,
          expires: 1,
          files: 1,
          bytes: 9,
          origins: [],
          retired: false,
          blocks: [vault.idOf(cid) ?? 0],
        },
        now,
      )
    }
    expect(sites.versions(SITE).map(({ sequence }) => sequence)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3])
    await vault.collect(now + HOUR)
    expect(blocks.map((cid) => vault.has(cid))).toEqual([false, false, ...Array<boolean>(10).fill(true)])
  })

  test('the version that ends a site lets the blocks of all others go, and they count no more', async () => {
    const sites = new SiteTable(database)
    const publishNext = (sequence: number, cid: CID, retired = false): void => {
      const root = `r${String(sequence)}`
      const blocks = [vault.idOf(cid) ?? 0]
      const record = new Uint8Array(1)
      sites.publish(
        { name: SITE, record, sequence, root, expires: 1, files: 1, bytes: 9, origins: [], retired, blocks },
        now,
      )
    }
    const [one, two, farewell, later] = [await store('one'), await store('two'), await store('end'), await store('new')]
    publishNext(1, one)
    publishNext(2, two)
    publishNext(3, farewell, true)
    expect(sites.versions(SITE).map(({ sequence }) => sequence)).toEqual([3])
    await vault.collect(now + HOUR)
    expect([one, two, farewell].map((cid) => vault.has(cid))).toEqual([false, false, true])
    expect(vault.used('a')).toBe('end'.length)

    await store('new')
    publishNext(4, later)
    expect(sites.versions(SITE).map(({ sequence }) => sequence)).toEqual([4, 3])
  })

  test('a version one of whose blocks was collected meanwhile is not published at all', async () => {
    const sites = new SiteTable(database)
    expect(() => {
      sites.publish(
        {
          name: SITE,
          record: new Uint8Array(1),
          sequence: 1,
          root: 'r',
          expires: 1,
          files: 1,
          bytes: 1,
          origins: [],
          retired: false,
          blocks: [4711],
        },
        now,
      )
    }).toThrow(expect.objectContaining({ reason: 'incomplete' }))
    expect([sites.get(SITE), sites.versions(SITE)]).toEqual([undefined, []])
  })

  test('what an interrupted write left is gone after the next start', async () => {
    await files.put(await store('x'), Buffer.from('x'))
    const incoming = join(folder, 'blocks', '.incoming')
    const { writeFile } = await import('node:fs/promises')
    await writeFile(join(incoming, 'half'), 'ha')
    await utimes(join(incoming, 'half'), 0, 0)
    await files.open()
    expect(await readdir(incoming)).toEqual([])
  })
})
