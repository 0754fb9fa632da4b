import { describe, expect, it } from 'vitest'
import type { Expectation } from './hedge-times.ts'
import { HEDGE, isUrgent, planHedge } from './hedge.ts'
import type { HedgeInput, HedgePlan } from './hedge.ts'

const MiB = 1024 * 1024

/** Expected after `ms`, late after twice that. */
function after(ms: number): Expectation {
  return { ms, lateMs: 2 * ms, earlyMs: ms / 2 }
}

function plan(input: Partial<HedgeInput>): HedgePlan {
  const unknown = { fromPeers: undefined, fromHttp: undefined }
  return planHedge({ destination: 'image', bytes: MiB, ahead: 0, peers: 3, ...unknown, ...input })
}

describe('what nobody needs yet', () => {
  const segment = { destination: '', bytes: MiB / 2, fromHttp: after(100) }

  it('is waited for as long as nobody notices, whoever is expected to be quicker', () => {
    expect(plan({ ...segment, spareMs: 2_400 })).toEqual({ ask: 'peers', headStartMs: 2_000 })
    expect(plan({ ...segment, fromPeers: after(500), spareMs: 2_400 })).toEqual({ ask: 'peers', headStartMs: 2_000 })
    expect(plan({ ...segment, bytes: 1_000, spareMs: 60_000 }).headStartMs).toBe(HEDGE.maxSpareMs)
  })

  it('is asked for over HTTP while that still brings it in time', () => {
    expect(plan({ ...segment, fromHttp: after(900), spareMs: 3_600 }).headStartMs).toBe(2_700)
    expect(plan({ ...segment, fromHttp: undefined, spareMs: 3_600 }).headStartMs).toBe(3_000)
  })

  it('is like anything else for a player with nothing in hand, for peers that would be too late, and for none', () => {
    expect(plan({ ...segment, spareMs: 0 })).toEqual(plan(segment))
    expect(plan({ ...segment, fromPeers: after(3_000), spareMs: 2_000 }).headStartMs).toBe(0)
    expect(plan({ ...segment, fromHttp: after(2_000), spareMs: 2_000 }).headStartMs).toBeLessThanOrEqual(2_000)
    expect(plan({ ...segment, peers: 0, spareMs: 2_000 })).toEqual({ ask: 'http', headStartMs: 0 })
  })
})

describe('before HTTP was measured', () => {
  it('peers are not waited for when there are none', () => {
    expect(plan({ peers: 0, destination: 'video' })).toEqual({ ask: 'http', headStartMs: 0 })
  })

  it('peers get a head start while it is not known who hosts', () => {
    expect(plan({ peers: undefined, destination: 'script' }).headStartMs).toBeGreaterThan(0)
  })

  it.each(['document', 'script', 'style', 'font'])('it is short for a %s, however large', (destination) => {
    expect(plan({ destination, bytes: 50 * MiB }).headStartMs).toBe(2 * HEDGE.assumedMs)
    expect(plan({ destination, fromPeers: after(5000) }).headStartMs).toBe(HEDGE.maxMs)
    expect(plan({ destination, fromPeers: after(1) }).headStartMs).toBe(HEDGE.minMs)
  })

  it('it is short for anything small', () => {
    expect(plan({ bytes: HEDGE.smallBytes }).headStartMs).toBeLessThanOrEqual(HEDGE.maxMs)
    expect(isUrgent({ destination: 'image', bytes: HEDGE.smallBytes + 1 })).toBe(false)
  })

  it('it is longer for large media, and longer still for what is read ahead', () => {
    const film = { destination: 'video', bytes: 200 * MiB }
    expect(plan(film).headStartMs).toBeGreaterThanOrEqual(HEDGE.minLargeMs)
    const ahead = [1, 2, 8, 100].map((ahead) => plan({ ...film, ahead }).headStartMs)
    expect(ahead.every((ms) => ms >= HEDGE.maxLargeMs && ms <= HEDGE.maxAheadMs)).toBe(true)
    expect(plan({ ...film, ahead: 100, fromPeers: after(800) }).headStartMs).toBe(HEDGE.maxAheadMs)
  })
})

describe('once both were measured', () => {
  it('peers that are sooner are waited for until they are late, and never longer than HTTP would have taken', () => {
    const script = { destination: 'script', fromHttp: after(400) }
    expect(plan({ ...script, fromPeers: after(80) })).toEqual({ ask: 'peers', headStartMs: 160 })
    expect(plan({ ...script, fromPeers: after(300) })).toEqual({ ask: 'peers', headStartMs: 400 })
    // A server that is slow is worth a long wait.
    expect(plan({ ...script, fromHttp: after(3000), fromPeers: after(800) }).headStartMs).toBe(1600)
  })

  it('peers that are somewhat slower race, and those that are much slower are left alone', () => {
    const script = { destination: 'script', fromHttp: after(100) }
    expect(plan({ ...script, fromPeers: after(150) }).ask).toBe('both')
    expect(plan({ ...script, fromPeers: after(1000) })).toEqual({ ask: 'http', headStartMs: 0 })
  })

  it('an image gives peers a little, media twice the time of HTTP, a page nothing', () => {
    const input = { bytes: 5 * MiB, fromHttp: after(1000), fromPeers: after(1150) }
    expect(plan({ ...input, destination: 'document' }).ask).toBe('both')
    expect(plan({ ...input, destination: 'style' }).ask).toBe('both')
    expect(plan({ ...input, destination: '' }).ask).toBe('both')
    expect(plan({ ...input, destination: 'image' })).toEqual({ ask: 'peers', headStartMs: 1200 })
    expect(plan({ ...input, destination: 'video', fromPeers: after(1900) })).toEqual({
      ask: 'peers',
      headStartMs: 2000,
    })
  })

  it('a piece that is read ahead has the time of those before it', () => {
    const film = { destination: 'video', bytes: 200 * MiB, fromHttp: after(500), fromPeers: after(3000) }
    expect(plan(film).ask).toBe('http')
    expect(plan({ ...film, ahead: 4 })).toEqual({ ask: 'peers', headStartMs: 5000 })
    expect(plan({ ...film, ahead: 99, fromPeers: after(9000) }).headStartMs).toBe(HEDGE.maxAheadMs)
  })

  it('a delay that nobody notices is given to save the bytes of a server next door', () => {
    expect(plan({ destination: 'script', fromHttp: after(2), fromPeers: after(20) })).toEqual({
      ask: 'peers',
      headStartMs: HEDGE.minMs,
    })
  })
})
