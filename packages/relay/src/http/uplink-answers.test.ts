import { afterAll, beforeAll, expect, test } from 'vitest'
import { PIECE_BYTES, relayPaths } from '@blackhole/protocol'
import { importFiles, newPublisher, publish, startTestRelay } from '../relay-harness.ts'
import type { TestRelay } from '../relay-harness.ts'

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
