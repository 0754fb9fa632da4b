import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/** The piece store as `@blackhole/swarm` declares it. */
export interface PieceStoreUnderTest {
  open(): Promise<void>
  close(): Promise<void>
  has(cid: string): Promise<boolean>
  hasMany(cids: readonly string[]): Promise<boolean[]>
  get(cid: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  getMany(cids: readonly string[]): Promise<(Uint8Array<ArrayBuffer> | undefined)[]>
  put(
    blocks: readonly { readonly cid: string; readonly bytes: Uint8Array<ArrayBuffer>; readonly site: string }[],
  ): Promise<void>
  delete(cids: readonly string[]): Promise<void>
  lease(cids: readonly string[]): Promise<{ release(): Promise<void> }>
  usage(): Promise<{ readonly pieces: number; readonly bytes: number; readonly quotaBytes: number }>
  clear(site?: string): Promise<void>
}

/** What a store's test sets up for each case. */
export interface PieceStoreFixture {
  /** An empty, open store. */
  readonly store: PieceStoreUnderTest
  /** Another context on the same data (a worker beside its page), open; left out when the store is not shared. */
  readonly another?: () => Promise<PieceStoreUnderTest>
  /** Removes everything. */
  teardown(): Promise<void>
}

/** Makes a fixture whose store holds at most `maxBytes`, and whose clock is `now`, milliseconds. */
export type PieceStoreSetup = (options: { maxBytes: number; now: () => number }) => Promise<PieceStoreFixture>

const BLOCK = 1000
const MAX = 10 * BLOCK
const HOUR = 60 * 60 * 1000

/** What every piece store must do. An implementation's test is one `setup`. */
export function pieceStoreSuite(name: string, setup: PieceStoreSetup): void {
  describe(`${name} as a piece store`, () => {
    let clock = 0
    let fixture: PieceStoreFixture
    let store: PieceStoreUnderTest

    beforeEach(async () => {
      clock = 1_700_000_000_000
      fixture = await setup({ maxBytes: MAX, now: () => clock })
      store = fixture.store
    })

    afterEach(() => fixture.teardown())

    /** Stores one block and lets a minute pass. */
    const keep = async (cid: string, site = 'site', length = BLOCK): Promise<void> => {
      await store.put([{ cid, bytes: bytes(cid, length), site }])
      clock += 60_000
    }
    const fill = async (): Promise<void> => {
      for (let at = 0; at < 10; at += 1) await keep(`old${String(at)}`)
    }

    it('gives back what was put, and nothing else', async () => {
      await store.put([
        { cid: 'a', bytes: bytes('a', 10), site: 's' },
        { cid: 'empty', bytes: new Uint8Array(0), site: 's' },
      ])
      expect(await store.get('a')).toEqual(bytes('a', 10))
      expect(await store.get('empty')).toEqual(new Uint8Array(0))
      expect(await store.get('b')).toBeUndefined()
      expect(await store.getMany(['b', 'a', 'empty', 'a'])).toEqual([
        undefined,
        bytes('a', 10),
        new Uint8Array(0),
        bytes('a', 10),
      ])
      expect(await store.getMany([])).toEqual([])
      expect(await store.has('a')).toBe(true)
      expect(await store.has('b')).toBe(false)
      expect(await store.hasMany(['b', 'a', 'b', 'empty'])).toEqual([false, true, false, true])
    })

    it('answers for long lists in order', async () => {
      await keep('a')
      const many = Array.from({ length: 200 }, (_, at) => (at === 150 ? 'a' : `b${String(at)}`))
      const held = await store.hasMany(many)
      expect(held.indexOf(true)).toBe(150)
      expect(held.filter(Boolean)).toHaveLength(1)
    })

    it('keeps only the bytes of a view, not the buffer behind it', async () => {
      const buffer = new Uint8Array(5000).fill(7)
      await store.put([{ cid: 'view', bytes: buffer.subarray(100, 110), site: 's' }])
      const got = await store.get('view')
      expect(got).toEqual(new Uint8Array(10).fill(7))
      expect((await store.usage()).bytes).toBe(10)
    })

    it('counts a block that is put twice once', async () => {
      await Promise.all([keep('a'), keep('a'), keep('b')])
      await store.put([
        { cid: 'a', bytes: bytes('a', BLOCK), site: 'site' },
        { cid: 'a', bytes: bytes('a', BLOCK), site: 'site' },
      ])
      expect(await store.usage()).toEqual({ pieces: 2, bytes: 2 * BLOCK, quotaBytes: MAX })
    })

    it('takes many puts at once', async () => {
      await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          store.put([{ cid: `c${String(at)}`, bytes: bytes(`c${String(at)}`, BLOCK), site: 's' }]),
        ),
      )
      expect(await store.usage()).toMatchObject({ pieces: 10, bytes: MAX })
      expect(await store.get('c7')).toEqual(bytes('c7', BLOCK))
    })

    it('deletes', async () => {
      await keep('a')
      await keep('b')
      await store.delete(['a', 'unknown', 'a'])
      expect(await store.hasMany(['a', 'b'])).toEqual([false, true])
      expect(await store.usage()).toMatchObject({ pieces: 1, bytes: BLOCK })
    })

    it('clears one site, or everything', async () => {
      await keep('a', 'one')
      await keep('b', 'two')
      await keep('c', 'one')
      await store.clear('one')
      expect(await store.hasMany(['a', 'b', 'c'])).toEqual([false, true, false])
      await store.clear()
      expect(await store.usage()).toMatchObject({ pieces: 0, bytes: 0 })
    })

    it('stays within its quota', async () => {
      await fill()
      await keep('new')
      expect(await store.has('new')).toBe(true)
      expect((await store.usage()).bytes).toBeLessThanOrEqual(MAX)
    })

    it('evicts what was used longest ago', async () => {
      await fill()
      await store.get('old0')
      clock += 60_000
      await keep('new')
      expect(await store.hasMany(['old0', 'old1', 'new'])).toEqual([true, false, true])
    })

    it('keeps what is popular longer than what is merely newer', async () => {
      await keep('popular')
      for (let at = 0; at < 7; at += 1) await store.getMany(['popular'])
      clock += 2 * HOUR
      for (let at = 0; at < 9; at += 1) await keep(`plain${String(at)}`)
      await keep('new')
      expect(await store.hasMany(['popular', 'plain0'])).toEqual([true, false])
    })

    it('keeps what is used when much comes that is used once, however long ago the use was', async () => {
      for (const cid of ['used0', 'used1', 'used2']) await keep(cid)
      for (const cid of ['used0', 'used1', 'used2']) await store.get(cid)
      clock += 7 * 24 * HOUR
      for (let at = 0; at < 40; at += 1) await keep(`once${String(at)}`)
      expect(await store.hasMany(['used0', 'used1', 'used2', 'once0'])).toEqual([true, true, true, false])
    })

    it('keeps what comes back soon after it was evicted, since it is popular after all', async () => {
      await fill()
      await keep('new')
      expect(await store.has('old0')).toBe(false)
      await keep('old0')
      for (let at = 0; at < 40; at += 1) await keep(`once${String(at)}`)
      expect(await store.has('old0')).toBe(true)
    })

    it('forgets with a site what it evicted of it', async () => {
      await fill()
      await keep('new')
      await store.clear('site')
      await keep('old0')
      for (let at = 0; at < 40; at += 1) await keep(`once${String(at)}`)
      expect(await store.has('old0')).toBe(false)
    })

    it('never evicts what is leased, until it is released', async () => {
      await fill()
      const lease = await store.lease(['old0', 'old1'])
      for (let at = 0; at < 20; at += 1) await keep(`new${String(at)}`)
      expect(await store.hasMany(['old0', 'old1'])).toEqual([true, true])
      await lease.release()
      await lease.release()
      for (let at = 0; at < 20; at += 1) await keep(`newer${String(at)}`)
      expect(await store.hasMany(['old0', 'old1'])).toEqual([false, false])
    })

    it('protects a leased block that is stored only later', async () => {
      const lease = await store.lease(['later'])
      await keep('later')
      for (let at = 0; at < 20; at += 1) await keep(`new${String(at)}`)
      expect(await store.has('later')).toBe(true)
      await lease.release()
    })

    it('says full when nothing may go, and goes on reading', async () => {
      await fill()
      const lease = await store.lease(Array.from({ length: 10 }, (_, at) => `old${String(at)}`))
      await expect(keep('new')).rejects.toMatchObject({ reason: 'full' })
      expect(await store.has('new')).toBe(false)
      expect(await store.get('old3')).toEqual(bytes('old3', BLOCK))
      expect(await store.usage()).toMatchObject({ pieces: 10, bytes: MAX })
      await lease.release()
      await keep('new')
      expect(await store.has('new')).toBe(true)
    })

    it('says full for a block that is larger than the quota, and loses nothing', async () => {
      await fill()
      await expect(keep('huge', 'site', MAX + 1)).rejects.toMatchObject({ reason: 'full' })
      expect((await store.usage()).pieces).toBe(10)
    })

    it('respects leases of another context, and sees what it stored', async (context) => {
      if (fixture.another === undefined) {
        context.skip()
        return
      }
      await fill()
      const other = await fixture.another()
      const lease = await other.lease(['old0'])
      // New blocks come within the life of the lease.
      for (let at = 0; at < 20; at += 1)
        await store.put([{ cid: `new${String(at)}`, bytes: bytes('n', BLOCK), site: 's' }])
      expect(await other.has('old0')).toBe(true)
      expect((await other.usage()).bytes).toBe((await store.usage()).bytes)
      await lease.release()
      await other.close()
    })

    it('forgets the lease of a context that died', async (context) => {
      if (fixture.another === undefined) {
        context.skip()
        return
      }
      await fill()
      const other = await fixture.another()
      await other.lease(['old0'])
      clock += 24 * HOUR
      for (let at = 0; at < 20; at += 1) await keep(`new${String(at)}`)
      expect(await store.has('old0')).toBe(false)
      await other.close()
    })
  })
}

/** Bytes that depend on the name. */
function bytes(name: string, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(new TextEncoder().encode(name).reduce((sum, byte) => sum + byte, 0))
}
