import { beforeEach, describe, expect, it } from 'vitest'
import { SelfRemoval } from './self-removal.ts'

let status: number | 'offline'
let now: number
let done: string[]
let asked: number
let removal: SelfRemoval
let idle: Promise<unknown>

beforeEach(() => {
  status = 200
  now = 1_000_000
  done = []
  asked = 0
  idle = Promise.resolve()
  removal = new SelfRemoval({
    script: 'https://example.com/blackhole-sw.js?site=k51',
    clock: {
      now: () => now,
      sleep: (ms) => {
        now += ms
        return new Promise((resolve) => setTimeout(resolve))
      },
    },
    fetch: () => {
      asked++
      return status === 'offline'
        ? Promise.reject(new TypeError('Failed to fetch'))
        : Promise.resolve(new Response(null, { status }))
    },
    unregister: () => Promise.resolve(done.push('unregister')),
    idle: async () => {
      done.push('idle')
      await idle
    },
    close: () => Promise.resolve(void done.push('close')),
    databases: { deleteDatabase: (name) => (done.push(name), {}) as IDBOpenDBRequest },
    caches: { delete: (name) => Promise.resolve(done.push(name) > 0) },
    cacheName: 'blackhole-runtime',
  })
})

const EVERYTHING = [
  'unregister',
  'idle',
  'close',
  'blackhole-runtime',
  'blackhole-pieces',
  'blackhole-state',
  'blackhole-worker',
]

describe('the worker takes itself out', () => {
  it.each([404, 410])('when its script is gone (%d), with all that it stored', async (gone) => {
    status = gone
    await removal.checkScript()
    expect(done).toEqual(EVERYTHING)
    expect(removal.removed).toBe(true)
  })

  it('though something that was begun never ends', async () => {
    idle = new Promise(() => undefined)
    const began = now
    await removal.remove()
    expect([done, now - began]).toEqual([EVERYTHING, 5_000])
  })

  it('once', async () => {
    await Promise.all([removal.remove(), removal.remove()])
    expect(done).toEqual(EVERYTHING)
  })
})

describe('the worker stays', () => {
  it.each([200, 304, 403, 500, 503, 'offline' as const])('when its server says %s', async (said) => {
    status = said
    await removal.checkScript()
    expect([done, removal.removed]).toEqual([[], false])
  })

  it('and does not ask with every navigation', async () => {
    await removal.checkScript()
    await removal.checkScript()
    expect(asked).toBe(1)
    now += 60_000
    await removal.checkScript()
    expect(asked).toBe(2)
  })
})
