import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { PIECE_BYTES, relayPaths } from '@blackhole/protocol'
import { importFiles, newPublisher, publish, startTestRelay } from '../relay-harness.ts'
import { beginAnswer } from './uplink-answers.ts'
import type { TestRelay } from '../relay-harness.ts'
import type { Uplink } from './uplink.ts'

/** One piece takes a second. */
const UPLINK_MBIT = 9

let relay: TestRelay
let cids: readonly string[]

beforeAll(async () => {
  relay = await startTestRelay({ uplinkMbit: UPLINK_MBIT })
  const bytes = new Uint8Array(3 * PIECE_BYTES).map((_, at) => (at * 31 + at / PIECE_BYTES) % 251)
  const site = await importFiles({ 'index.html': '<!doctype html>', 'film.bin': bytes })
  const owner = await newPublisher()
  expect((await publish(relay, owner, site)).response.status).toBe(200)
  cids = site.manifest.files['film.bin']?.pieces ?? []
})

afterAll(() => relay.stop())

/** Seconds until a block was whole. */
async function block(cid: string, signal?: AbortSignal): Promise<number> {
  const began = performance.now()
  const response = await relay.fetch(`/ipfs/${cid}?format=raw`, { signal: signal ?? null })
  expect((await response.arrayBuffer()).byteLength).toBe(PIECE_BYTES)
  return (performance.now() - began) / 1000
}

test('a relay that knows its line sends blocks one after the other, small answers past them, and nothing in vain', async () => {
  expect(cids).toHaveLength(3)
  const [one = '', two = '', three = ''] = cids
  const leaving = new AbortController()
  const began = performance.now()
  const [first, second] = [block(one), block(two)]
  const left = block(three, leaving.signal)
  left.catch(() => undefined)
  const info = await relay.fetch(relayPaths.relay())
  expect(info.status).toBe(200)
  await info.json()
  expect(performance.now() - began).toBeLessThan(700)
  leaving.abort()
  await expect(left).rejects.toThrow()
  const [firstAfter, secondAfter] = await Promise.all([first, second])
  expect(firstAfter).toBeGreaterThan(0.7)
  expect(secondAfter - firstAfter).toBeGreaterThan(0.7)
  // Two, not three.
  expect(secondAfter).toBeLessThan(2.7)
})

test('whoever has gone before the answer begins takes no turn of others', async () => {
  const [one = '', two = ''] = cids
  const gone = Array.from({ length: 50 }, async () => {
    const leaving = new AbortController()
    const asked = relay.fetch(`/ipfs/${two}?format=raw`, { signal: leaving.signal }).catch(() => undefined)
    setTimeout(() => leaving.abort(), 1)
    await asked
  })
  await Promise.all(gone)
  // Two were sent before, so that this one waits for its second at most.
  expect(await block(one)).toBeLessThan(3)
})

test('only the scripts that make peers go past all, and only large blocks wait for each other', () => {
  const begin = vi.fn()
  const uplink = { begin } as unknown as Uplink
  const began = (target: string, headers: Record<string, string>): unknown => {
    beginAnswer(uplink, new Headers(headers), target)
    return begin.mock.lastCall?.[0]
  }
  const raw = (size: number) => ({
    'content-type': 'application/vnd.ipld.raw',
    'content-length': String(size),
    etag: '"a"',
  })
  expect(began('/ipfs/a?format=raw', raw(PIECE_BYTES))).toBe('block')
  // The manifest of a large site: everyone needs the same one, and first of all.
  expect(began('/ipfs/a?format=raw', raw(40_000))).toBe('plain')
  const script = { 'content-type': 'text/javascript', 'content-length': '220000' }
  expect(began('/.blackhole/blackhole-peer.js?v=1', script)).toBe('script')
  expect(began('/blackhole.js', script)).toBe('script')
  expect(began('/some/folder/blackhole-peer.js', script)).toBe('plain')
  expect(began('/ipfs/a/blackhole-peer.js', script)).toBe('plain')
  expect(began('/blackhole.js', { ...script, 'content-length': '1000000000' })).toBe('plain')
})
