import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { unixfs } from '@helia/unixfs'
import { MANIFEST_PATH, PIECE_BYTES, allPieces, decodeManifest, piecesOf } from '@blackhole/protocol'
import { MemoryBlockstore } from 'blockstore-core'
import { importer } from 'ipfs-unixfs-importer'
import { exporter } from 'ipfs-unixfs-exporter'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fileSlices } from '../http/file-slices.ts'
import { createIgnoreFilter } from '../ignore.ts'
import { loadManifest } from '../manifest/load-manifest.ts'
import { importSite } from './import-site.ts'
import type { SiteImport } from './import-site.ts'
import { memoryFile } from './site-file.ts'
import type { SiteFile } from './site-file.ts'

const CREATED = Date.parse('2026-01-01T00:00:00Z')
const now = (): number => CREATED

/** The folder of an npm package. */
function packageFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
}

/** Files of a folder, as `publish` takes them. */
async function filesOf(folder: string): Promise<SiteFile[]> {
  const ignored = createIgnoreFilter()
  const files: SiteFile[] = []
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const full = join(entry.parentPath, entry.name)
    const path = full.slice(folder.length + 1)
    if (ignored(path, false)) continue
    files.push(diskFile(path, full, (await stat(full)).size))
  }
  return files
}

function diskFile(path: string, full: string, size: number): SiteFile {
  return {
    path,
    size,
    async *open(start = 0, end = size) {
      if (end > start) yield* createReadStream(full, { start, end: end - 1 }) as AsyncIterable<Uint8Array>
    },
  }
}

/** The same tree as Helia and the plain importer see it, manifest included. */
async function independentRoot(files: SiteFile[], site: SiteImport): Promise<{ importer: string; helia: string }> {
  const candidates = async function* (): AsyncGenerator<{ path: string; content: AsyncIterable<Uint8Array> }> {
    for (const file of files) yield { path: file.path, content: file.open() }
    const manifest = new TextEncoder().encode(JSON.stringify(site.manifest))
    yield { path: MANIFEST_PATH, content: memoryFile(MANIFEST_PATH, manifest).open() }
  }
  const last = async (entries: AsyncIterable<{ cid: CID }>): Promise<string> => {
    let cid: CID | undefined
    for await (const entry of entries) cid = entry.cid
    return String(cid)
  }
  const blockstore = new MemoryBlockstore()
  return {
    importer: await last(importer(candidates(), blockstore, { profile: 'unixfs-v1-2025', wrapWithDirectory: true })),
    helia: await last(unixfs({ blockstore }).addAll(candidates(), { wrapWithDirectory: true })),
  }
}

function blockReader(site: SiteImport, seen: string[] = []): (cid: CID) => Promise<Uint8Array> {
  return (cid) => {
    seen.push(cid.toString())
    return site.readBlock(cid.toString())
  }
}

describe('real sites', () => {
  test.each(['startbootstrap-sb-admin-2', 'admin-lte', 'html5-boilerplate/dist'])(
    'the root of %s is the one that Helia and the plain importer compute',
    { timeout: 120_000 },
    async (name) => {
      const [top = '', ...rest] = name.split('/')
      const files = await filesOf(join(packageFolder(top), ...rest))
      const site = await importSite(files, { now })
      const roots = await independentRoot(files, site)
      expect(site.root).toBe(roots.importer)
      expect(site.root).toBe(roots.helia)
      expect(site.files).toBe(files.length)
      expect(site.bytes).toBe(files.reduce((sum, file) => sum + file.size, 0))
    },
  )

  test(
    'every block can be read again, hashes to its CID, and the blocks are a whole DAG',
    { timeout: 60_000 },
    async () => {
      const folder = join(packageFolder('html5-boilerplate'), 'dist')
      const files = await filesOf(folder)
      const site = await importSite(files, { now })
      for (const cid of site.blocks.keys()) {
        const { digest } = await sha256.digest(await site.readBlock(cid))
        expect(digest).toEqual(CID.parse(cid).multihash.digest)
      }
      for (const cid of allPieces(site.manifest)) expect(site.blocks.has(cid)).toBe(true)
      const store = {
        get: async function* (cid: CID) {
          yield await site.readBlock(cid.toString())
        },
      }
      for (const file of files) {
        const entry = await exporter(`${site.root}/${file.path}`, store)
        expect(entry.cid.toString()).toBe(site.manifest.files[file.path]?.cid)
      }
    },
  )
})

describe('manifest and versions', () => {
  const files = [memoryFile('index.html', '<p>one'), memoryFile('a/b.css', 'b{}'), memoryFile('empty.txt', '')]

  test('the manifest is in the root, with types, sizes and pieces', async () => {
    const big = memoryFile('big.bin', new Uint8Array(2 * PIECE_BYTES + 5).fill(7))
    const site = await importSite([...files, big], { now, origins: ['https://example.com'] })
    const loaded = await loadManifest(CID.parse(site.root), blockReader(site))
    expect(loaded.manifest).toEqual(site.manifest)
    expect(loaded.manifest).toMatchObject({
      sequence: 1,
      previous: null,
      created: '2026-01-01T00:00:00.000Z',
      origins: ['https://example.com'],
    })
    expect(Object.keys(loaded.manifest.files)).toEqual(['a/b.css', 'big.bin', 'empty.txt', 'index.html'])
    expect(site.manifest.files['index.html']).toMatchObject({ size: 6, type: 'text/html; charset=utf-8' })
    expect(site.manifest.files['index.html']?.pieces).toBeUndefined()
    expect(site.manifest.files['big.bin']?.pieces).toHaveLength(3)
    // the CID of the empty raw block
    expect(site.manifest.files['empty.txt']?.cid).toBe('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
  })

  test('publishing the same again keeps root and sequence, whatever the time and order', async () => {
    const first = await importSite(files, { now, origins: ['https://example.com'] })
    const again = await importSite([...files].reverse(), { now: () => CREATED + 1e9, previous: first })
    expect(again).toMatchObject({ root: first.root, unchanged: true, manifest: first.manifest })
    expect(first.unchanged).toBe(false)
  })

  test('other content or other options make the next version, which names the one before', async () => {
    const first = await importSite(files, { now })
    const second = await importSite([...files, memoryFile('new.txt', 'new')], { now, previous: first })
    expect(second).toMatchObject({ unchanged: false, manifest: { sequence: 2, previous: first.root } })
    const third = await importSite(files, { now, previous: first, origins: ['https://example.com'] })
    expect(third).toMatchObject({ unchanged: false, manifest: { sequence: 2, origins: ['https://example.com'] } })
    const retired = await importSite(files, { now, previous: first, retired: true, sequence: 9 })
    expect(retired.manifest).toMatchObject({ retired: true, sequence: 9 })
  })

  test('a manifest left by an earlier publish is not content', async () => {
    const plain = await importSite(files, { now })
    const withOld = await importSite([...files, memoryFile(MANIFEST_PATH, 'old')], { now })
    expect(withOld.root).toBe(plain.root)
  })

  test('a multi-piece file has exactly its 1 MiB leaves as pieces, in order', async () => {
    const bytes = new Uint8Array(3 * PIECE_BYTES + 1)
    for (let at = 0; at < bytes.length; at += 4096) bytes[at] = at / 4096
    const site = await importSite([memoryFile('v.mp4', bytes)], { now })
    const file = site.manifest.files['v.mp4']!
    const parts: Uint8Array[] = []
    for (const cid of piecesOf(file)) parts.push(await site.readBlock(cid))
    expect(Buffer.compare(Buffer.concat(parts), bytes)).toBe(0)
    expect(parts.map((part) => part.byteLength)).toEqual([PIECE_BYTES, PIECE_BYTES, PIECE_BYTES, 1])
  })
})

describe('large folders', () => {
  let site: SiteImport
  let files: SiteFile[]
  beforeAll(async () => {
    files = Array.from({ length: 5000 }, (_, index) => memoryFile(`page-number-${index}.html`, `<p>${index}`))
    site = await importSite(files, { now })
  }, 60_000)

  test('5,000 files in one folder make a HAMT with the CID that others compute', { timeout: 60_000 }, async () => {
    const roots = await independentRoot(files, site)
    expect(site.root).toBe(roots.importer)
  })

  test('the manifest is found by reading a few blocks', async () => {
    const seen: string[] = []
    const { manifest, blocks } = await loadManifest(site.root, blockReader(site, seen))
    expect(Object.keys(manifest.files)).toHaveLength(5000)
    expect(seen).toEqual(blocks)
    expect(blocks[0]).toBe(site.root)
    // the root's shards on the way, the reserved folder, the manifest
    expect(seen.length).toBeLessThanOrEqual(5)
    expect(site.blocks.size).toBeGreaterThan(5000)
  })

  test('a folder of many folders is sharded too, and no block is too large', { timeout: 60_000 }, async () => {
    const many = Array.from({ length: 6000 }, (_, index) => memoryFile(`folder-number-${index}/x`, 'x'))
    const wide = await importSite(many, { now })
    const largest = Math.max(...[...wide.blocks.values()].map(({ size }) => size))
    expect(largest).toBeLessThanOrEqual(PIECE_BYTES)
    const root = await exporter(wide.root, {
      get: async function* (cid: CID) {
        yield await wide.readBlock(cid.toString())
      },
    })
    expect(root).toMatchObject({ type: 'directory', unixfs: { type: 'hamt-sharded-directory' } })
    expect(Object.keys((await loadManifest(wide.root, blockReader(wide))).manifest.files)).toHaveLength(6000)
  })

  test('a manifest of several pieces is read whole', { timeout: 60_000 }, async () => {
    const many = Array.from({ length: 12_000 }, (_, index) => memoryFile(`f/${'n'.repeat(40)}${index}`, String(index)))
    const large = await importSite(many, { now })
    const { manifest, blocks, file } = await loadManifest(large.root, blockReader(large))
    expect(Object.keys(manifest.files)).toHaveLength(12_000)
    expect(blocks.length).toBeGreaterThan(4)
    // the manifest as a file: its pieces are its bytes
    const parts: Uint8Array[] = []
    for (const { cid, start, end } of fileSlices(file)) parts.push((await large.readBlock(cid)).subarray(start, end))
    expect(decodeManifest(Buffer.concat(parts))).toEqual(manifest)
  })
})

describe('bad input', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blackhole-import-'))
  })
  afterAll(async () => {
    await rm(folder, { recursive: true })
  })

  test('an empty folder', async () => {
    await expect(importSite([])).rejects.toMatchObject({
      reason: 'invalid',
      message: expect.stringContaining('no file'),
    })
    await expect(importSite([memoryFile(MANIFEST_PATH, '{}')])).rejects.toMatchObject({ reason: 'invalid' })
  })

  test.each(['../x', 'a/../b', '/abs', 'a//b', './a', 'a\\b', 'a\0b', '', 'a/', '\ud800'])(
    'the name %j is refused',
    async (path) => {
      await expect(importSite([memoryFile(path, 'x')])).rejects.toMatchObject({ reason: 'invalid', subject: 'path' })
    },
  )

  test('names are brought to NFC, and two that are then the same are refused', async () => {
    const site = await importSite([memoryFile('cafe\u0301.html', 'x')], { now })
    expect(Object.keys(site.manifest.files)).toEqual(['caf\u00e9.html'])
    await expect(importSite([memoryFile('cafe\u0301', 'x'), memoryFile('caf\u00e9', 'y')])).rejects.toMatchObject({
      reason: 'invalid',
      subject: 'caf\u00e9',
    })
  })

  test('nasty but valid names survive', async () => {
    const names = [
      '__proto__',
      'constructor',
      '404',
      '7',
      'a b?#%.txt',
      '.well-known/x',
      'ünï/ço dé',
      'quote\'".js',
      'toString/valueOf',
    ]
    const site = await importSite(
      names.map((name) => memoryFile(name, name)),
      { now },
    )
    expect(Object.keys(site.manifest.files).sort()).toEqual([...names].sort())
    const { manifest } = await loadManifest(site.root, blockReader(site))
    expect(manifest).toEqual(site.manifest)
    expect(allPieces(manifest)).toEqual(allPieces(site.manifest))
  })

  test('the reserved folder is refused', async () => {
    await expect(importSite([memoryFile('.blackhole/x', 'x')])).rejects.toMatchObject({ subject: '.blackhole/x' })
    await expect(importSite([memoryFile('.blackhole', 'x')])).rejects.toMatchObject({ subject: '.blackhole' })
  })

  test('a file where a folder is', async () => {
    await expect(importSite([memoryFile('a', 'x'), memoryFile('a/b', 'y')])).rejects.toMatchObject({ subject: 'a' })
  })

  test('a file that changes after it was imported is named when its blocks are read', async () => {
    const full = join(folder, 'x.txt')
    await writeFile(full, 'before')
    const site = await importSite([diskFile('x.txt', full, 6)], { now })
    const cid = site.manifest.files['x.txt']!.cid
    expect(new TextDecoder().decode(await site.readBlock(cid))).toBe('before')
    await writeFile(full, 'after!')
    await expect(site.readBlock(cid)).rejects.toMatchObject({ reason: 'changed', subject: 'x.txt' })
    await writeFile(full, 'short')
    await expect(site.readBlock(cid)).rejects.toMatchObject({ reason: 'changed', subject: 'x.txt' })
    await rm(full)
    await expect(site.readBlock(cid)).rejects.toMatchObject({ reason: 'changed', subject: 'x.txt' })
  })

  test('a file that grows or shrinks while it is read', async () => {
    const grows = { ...memoryFile('g.txt', 'longer than said'), size: 3, open: () => memoryFile('', 'longer').open() }
    await expect(importSite([grows])).rejects.toMatchObject({ reason: 'changed', subject: 'g.txt' })
    await expect(importSite([{ ...memoryFile('s.txt', 'ab'), size: 3 }])).rejects.toMatchObject({
      reason: 'changed',
      subject: 's.txt',
    })
  })

  test('a file that cannot be read', async () => {
    await expect(importSite([diskFile('gone.txt', join(folder, 'gone.txt'), 3)])).rejects.toMatchObject({
      reason: 'unavailable',
      subject: 'gone.txt',
    })
  })

  test('an abort ends the import', async () => {
    const controller = new AbortController()
    const file: SiteFile = {
      path: 'x',
      size: 2,
      async *open() {
        yield new Uint8Array(1)
        controller.abort(new Error('enough'))
        yield new Uint8Array(1)
      },
    }
    await expect(importSite([file], { signal: controller.signal })).rejects.toThrow('enough')
  })
})

test('the site that browsers import too (import-site.browser.test.ts)', async () => {
  const files = [memoryFile('index.html', '<h1>Hello</h1>'), memoryFile('css/a.css', 'h1 { color: red }')]
  const site = await importSite(files, { now: () => 0 })
  expect(site.root).toBe('bafybeihghsziqw55hkx5h3cy7mwf5mt7mimqhbqwv6y6ddrqm2u64gar6m')
  expect(await independentRoot(files, site)).toEqual({ importer: site.root, helia: site.root })
})
