import { PIECE_BYTES } from '@blackhole/protocol'
import { NO_RULES, importSite, memoryFile } from '@blackhole/site'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { SiteVersion } from '../version/site-version.ts'
import { adoptLoaded } from './http-cache.ts'
import type { AdoptComponents } from './http-cache.ts'

const film = new Uint8Array(2 * PIECE_BYTES + 10).map((_, at) => at >> 13)
const FILES: Record<string, string | Uint8Array> = { 'index.html': '<h1>Hi</h1>', 'app.js': 'let a', 'film.bin': film }

let version: SiteVersion
let cached: Record<string, Uint8Array<ArrayBuffer> | undefined>
let stored: Map<string, number>
let fetched: string[]
let modes: (string | undefined)[]
let counted: number

beforeAll(async () => {
  const { root, manifest } = await importSite(Object.entries(FILES).map(([path, bytes]) => memoryFile(path, bytes)))
  version = { root, manifest, rules: NO_RULES }
})

beforeEach(() => {
  cached = {}
  stored = new Map()
  fetched = []
  modes = []
  counted = 0
})

const components: AdoptComponents = {
  fetch: (url, { cache }) => {
    modes.push(cache)
    const bytes = cached[new URL(url).pathname]
    // What a browser answers to `only-if-cached` when it has nothing.
    return bytes === undefined ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(new Response(bytes))
  },
  stored: (cids) => Promise.resolve(cids.map((cid) => stored.has(cid))),
  put: (cid, bytes) => Promise.resolve(void stored.set(cid, bytes.byteLength)),
  get: (cid) => Promise.resolve(fetched.push(cid)),
  count: (bytes) => {
    counted += bytes
  },
}

function adopt(...paths: string[]): Promise<void> {
  return adoptLoaded(
    components,
    version,
    paths.map((path) => `http://site.localhost${path}`),
  )
}

it('takes pieces from the HTTP cache, without a request to the network', async () => {
  cached['/app.js'] = new TextEncoder().encode('let a')
  cached['/film.bin'] = film
  await adopt('/app.js?v=1', '/film.bin')
  expect([...stored.values()].sort((a, b) => a - b)).toEqual([5, 10, PIECE_BYTES, PIECE_BYTES])
  expect(counted).toBe(5 + film.length)
  expect(new Set(modes)).toEqual(new Set(['only-if-cached']))
  expect(fetched).toEqual([])
})

it('stores nothing that is not what was published, and gets it like any other piece instead', async () => {
  cached['/'] = new TextEncoder().encode('<script></script><h1>Hi</h1>')
  await adopt('/')
  expect(stored.size).toBe(0)
  expect(fetched).toEqual([version.manifest.files['index.html']?.cid])
})

it('keeps what was right of a file, and leaves the rest of a large one alone', async () => {
  cached['/film.bin'] = film.slice(0, PIECE_BYTES + 5)
  await adopt('/film.bin')
  expect([...stored.values()]).toEqual([PIECE_BYTES])
  expect(fetched).toEqual([])
})

it('passes over what is stored, is not of the site, or is no URL', async () => {
  stored.set(version.manifest.files['app.js']?.cid ?? '', 5)
  await adopt('/app.js', '/elsewhere')
  await adoptLoaded(components, version, ['nonsense'])
  expect([modes, fetched]).toEqual([[], []])
})
