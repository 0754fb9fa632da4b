import { siteNameOf } from '@blackhole/protocol'
import type { Manifest, SiteName } from '@blackhole/protocol'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { beforeEach, describe, expect, test } from 'vitest'
import { createSiteRecord } from '../record.ts'
import { MemorySiteState } from './memory-site-state.ts'
import { MAX_MANIFESTS_PER_SITE, MAX_READY_ANSWERS } from './site-state.ts'
import type { SiteState } from './site-state.ts'

const ROOTS = Array.from({ length: 8 }, (_, index) => `root ${index}`)
const ROOT_A = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const ROOT_B = 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4'

function manifest(sequence: number): Manifest {
  return {
    version: 1,
    sequence,
    previous: null,
    created: '',
    origins: [],
    documents: 'origin',
    retired: false,
    files: Object.assign(Object.create(null), {
      '404.html': { cid: ROOT_A, size: 1, type: 'text/html' },
    }) as Manifest['files'],
  }
}

/** What every `SiteState` does; the tests of the others run it too. */
export function siteStateSuite(setup: () => SiteState): void {
  let state: SiteState
  beforeEach(async () => {
    state = setup()
    await state.open()
    return () => state.close()
  })

  test('the newest record is kept, an older one is refused', async () => {
    const key = await generateKeyPair('Ed25519')
    const name = siteNameOf(key.publicKey)
    const [one, two] = await Promise.all([1, 2].map((sequence) => createSiteRecord(key, { root: ROOT_A, sequence })))
    expect(await state.record(name)).toBeUndefined()
    expect(await state.acceptRecord(one!)).toEqual(one)
    expect(await state.acceptRecord(two!)).toEqual(two)
    await expect(state.acceptRecord(one!)).rejects.toMatchObject({ name: 'RecordError', reason: 'stale' })
    expect(await state.record(name)).toEqual(two)
  })

  test('the same version signed for longer replaces, for shorter does not; another content is a conflict', async () => {
    const key = await generateKeyPair('Ed25519')
    const name = siteNameOf(key.publicKey)
    const make = (root: string, lifetimeMs: number) => createSiteRecord(key, { root, sequence: 3, lifetimeMs })
    const [long, short, other] = await Promise.all([make(ROOT_A, 9e6), make(ROOT_A, 8e6), make(ROOT_B, 8e6)])
    await state.acceptRecord(long)
    expect(await state.acceptRecord(short)).toEqual(long)
    await expect(state.acceptRecord(other)).rejects.toMatchObject({ reason: 'conflict' })
    expect(await state.record(name)).toEqual(long)
  })

  test('answers that are ready by path, the last few', async () => {
    const answer = (path: string, root = ROOT_A) => ({
      path,
      root,
      headers: [['Content-Type', 'text/html'] as const],
      bytes: new TextEncoder().encode(path),
    })
    const paths = Array.from({ length: MAX_READY_ANSWERS + 1 }, (_, index) => `/${String(index)}`)
    for (const path of paths) await state.putReadyAnswer(answer(path))
    expect(await state.readyAnswer('/0')).toBeUndefined()
    expect(await state.readyAnswer('/1')).toEqual(answer('/1'))
    await state.putReadyAnswer(answer('/1', ROOT_B))
    await state.putReadyAnswer(answer('/new'))
    expect(await state.readyAnswer('/1'), 'the last one of a path').toEqual(answer('/1', ROOT_B))
    expect(await state.readyAnswer('/2'), 'the one kept longest ago').toBeUndefined()
    expect(await state.counters(), 'other values').toMatchObject({ http: 0 })
    await state.forgetReadyAnswers()
    expect(await state.readyAnswer('/1')).toBeUndefined()
  })

  test('manifests by root, the last few of each site', async () => {
    const [a, b] = ['site a', 'site b'] as SiteName[]
    await state.putManifest(b!, 'other', manifest(1))
    for (const [index, root] of ROOTS.entries()) {
      await state.putManifest(a!, root, manifest(index))
      await state.setOriginStale(root, true)
    }
    const kept = await Promise.all(ROOTS.map(async (root) => (await state.manifest(root)) !== undefined))
    expect(kept).toEqual(ROOTS.map((_, index) => index >= ROOTS.length - MAX_MANIFESTS_PER_SITE))
    expect(await state.originStale(ROOTS[0]!)).toBe(false)
    expect(await state.manifest(ROOTS.at(-1)!)).toEqual(manifest(ROOTS.length - 1))
    expect(await state.manifest('other')).toBeDefined()
  })

  test('files of a stored manifest have no inherited members', async () => {
    await state.putManifest('s' as SiteName, 'root', manifest(1))
    expect((await state.manifest('root'))?.files['constructor']).toBeUndefined()
  })

  test('counters add up', async () => {
    expect(await state.counters()).toEqual({ local: 0, peers: 0, http: 0, shared: 0 })
    expect(await state.addCounters({ peers: 5 })).toEqual({ local: 0, peers: 5, http: 0, shared: 0 })
    await state.addCounters({ peers: 1, shared: 2, http: 3, local: 4 })
    expect(await state.counters()).toEqual({ local: 4, peers: 6, http: 3, shared: 2 })
  })

  test('settings are set, read and removed', async () => {
    expect(await state.setting('opted-out')).toBeUndefined()
    await state.setSetting('opted-out', true)
    await state.setSetting('counters', 'a name of its own')
    expect(await state.setting('opted-out')).toBe(true)
    await state.setSetting('opted-out', undefined)
    expect(await state.setting('opted-out')).toBeUndefined()
    expect(await state.counters()).toEqual({ local: 0, peers: 0, http: 0, shared: 0 })
  })

  test('what the origin said, per version and path', async () => {
    expect(await state.originStale('r')).toBe(false)
    await state.setOriginStale('r', true)
    await state.setOriginValidators('r', 'a.js', { etag: '"1"' })
    expect([await state.originStale('r'), await state.originStale('q')]).toEqual([true, false])
    expect(await state.originValidators('r', 'a.js')).toEqual({ etag: '"1"' })
    expect(await state.originValidators('r', 'b.js')).toBeUndefined()
    await state.setOriginStale('r', false)
    expect(await state.originStale('r')).toBe(false)
  })

  test('forgetting a site leaves the others, counters and settings', async () => {
    const key = await generateKeyPair('Ed25519')
    const name = siteNameOf(key.publicKey)
    await state.acceptRecord(await createSiteRecord(key, { root: ROOT_A, sequence: 1 }))
    await state.putManifest(name, ROOT_A, manifest(1))
    await state.putManifest('other' as SiteName, ROOT_B, manifest(1))
    await state.setOriginStale(ROOT_A, true)
    await state.addCounters({ http: 1 })
    await state.setSetting('x', 1)
    await state.clear(name)
    expect(await state.record(name)).toBeUndefined()
    expect(await state.manifest(ROOT_A)).toBeUndefined()
    expect(await state.originStale(ROOT_A)).toBe(false)
    expect(await state.manifest(ROOT_B)).toBeDefined()
    expect((await state.counters()).http).toBe(1)
    await state.clear()
    expect(await state.manifest(ROOT_B)).toBeUndefined()
    expect(await state.setting('x')).toBeUndefined()
    expect((await state.counters()).http).toBe(0)
  })
}

describe('MemorySiteState', () => {
  siteStateSuite(() => new MemorySiteState())
})
