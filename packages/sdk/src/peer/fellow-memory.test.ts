import { expect, it } from 'vitest'
import { MemorySiteState } from '@blackhole/site'
import type { FellowInfo, SiteName } from '@blackhole/protocol'
import { FELLOWS_LIFETIME_MS, FellowMemory } from './fellow-memory.ts'

const site = 'k51site' as SiteName
const fellow = (at: number): FellowInfo => ({ peerId: `peer${at}`, url: `https://${at}.example/`, addresses: [] })

it('knows at a later visit what the relays named last, for a week, and nothing once they named nobody', async () => {
  const state = new MemorySiteState()
  let now = 1_000_000
  const memory = (): FellowMemory => new FellowMemory({ state, now: () => now }, { site })
  expect(await memory().read()).toEqual([])
  await memory().write([fellow(1), fellow(2)])
  await memory().write([fellow(2)])
  now += FELLOWS_LIFETIME_MS - 1
  expect(await memory().read()).toEqual([fellow(2)])
  now += 1
  expect(await memory().read()).toEqual([])
  await memory().write([fellow(3)])
  expect(await memory().read()).toEqual([fellow(3)])
  now -= 1
  expect(await memory().read(), 'a clock that was set back').toEqual([])
  now += 1
  await memory().write([])
  expect(await memory().read()).toEqual([])
})

it('believes no more of what is stored than of what a relay says', async () => {
  const state = new MemorySiteState()
  const memory = new FellowMemory({ state, now: () => 1 }, { site })
  for (const stored of ['', 'nonsense', '{}', '{"at":1,"fellows":7}', '{"at":"x","fellows":[]}', '[1]', '1']) {
    await state.setSetting(`fellows:${site}`, stored)
    expect(await memory.read()).toEqual([])
  }
  const many = [...Array.from({ length: 20 }, (_, at) => fellow(at)), { peerId: 1 }]
  await state.setSetting(`fellows:${site}`, JSON.stringify({ at: 1, fellows: many }))
  expect(await memory.read()).toHaveLength(8)
})
