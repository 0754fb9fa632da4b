import { expect, it } from 'vitest'
import { AheadFetcher } from './ahead-fetcher.ts'
import { turnOf } from './turn.ts'

const SELF = 'me'
const OTHERS = ['alice', 'bob']

/** A swarm that does what it is told to. */
class FakeSwarm extends EventTarget {
  peers = OTHERS.map((id) => ({ id, lastResort: false, askedAt: undefined as number | undefined }))
  readonly held = new Set<string>()
  readonly holders = new Map<string, number>()
  readonly coming = new Set<string>()
  readonly calls: unknown[] = []
  readonly fetches = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>()
  readonly signals = new Map<string, AbortSignal>()

  holds(cid: string): boolean {
    return this.held.has(cid)
  }

  unstored(): undefined {
    return undefined
  }

  availability(cid: string): number {
    return this.holders.get(cid) ?? 0
  }

  isComing(cid: string): boolean {
    return this.coming.has(cid)
  }

  fetching(cids: readonly string[], over: boolean): void {
    this.calls.push([over ? 'not fetching' : 'fetching', ...cids])
  }

  fetch(cid: string, { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal }): Promise<unknown> {
    this.calls.push(['fetch', cid, deadlineMs])
    return this.#begin(cid, signal)
  }

  prefetch(cids: readonly string[], { signal }: { signal: AbortSignal }): Promise<void> {
    this.calls.push(['prefetch', cids])
    for (const cid of cids) this.signals.set(`prefetch ${cid}`, signal)
    return Promise.resolve()
  }

  fromRelays(cid: string, { signal }: { signal: AbortSignal }): Promise<unknown> {
    this.calls.push(['relay', cid])
    return this.#begin(cid, signal)
  }

  /** What was called since it was last asked. */
  taken(): unknown[] {
    return this.calls.splice(0)
  }

  #begin(cid: string, signal: AbortSignal): Promise<unknown> {
    this.signals.set(cid, signal)
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.fetches.set(cid, {
      resolve: () => {
        this.held.add(cid)
        resolve({ bytes: new Uint8Array(10) })
      },
      reject,
    })
    return promise
  }
}

function fetching(): {
  swarm: FakeSwarm
  ahead: AheadFetcher
  counted: number[]
  device: { allows: boolean }
  pass: (ms: number) => void
} {
  const swarm = new FakeSwarm()
  const device = { allows: true }
  const counted: number[] = []
  let now = 0
  let timer: { readonly at: number; readonly callback: () => void } | undefined
  const ahead = new AheadFetcher(
    {
      swarm: swarm as unknown as ConstructorParameters<typeof AheadFetcher>[0]['swarm'],
      blocks: swarm as unknown as ConstructorParameters<typeof AheadFetcher>[0]['blocks'],
      now: () => now,
      mayFetch: () => device.allows,
      onBytes: (bytes) => counted.push(bytes),
      setTimer: (callback, ms) => {
        timer = { at: now + ms, callback }
        return () => (timer = undefined)
      },
    },
    { self: SELF },
  )
  const pass = (ms: number): void => {
    now += ms
    if (timer !== undefined && timer.at <= now) timer.callback()
  }
  return { swarm, ahead, counted, device, pass }
}

/** A piece that nobody holds and that comes to us after so many others. */
function pieceOfTurn(turn: number): string {
  for (let at = 0; ; at += 1) if (turnOf(SELF, OTHERS, `piece ${String(at)}`) === turn) return `piece ${String(at)}`
}

it('asks others for what is needed next before the player does, and for the rest in the background', async () => {
  const { swarm, ahead, counted } = fetching()
  for (const cid of ['next', 'later']) swarm.holders.set(cid, 2)
  ahead.set('film', [
    { cid: 'next', inMs: 2_000 },
    { cid: 'later', inMs: 10_000 },
  ])
  expect(swarm.taken()).toEqual([
    ['fetch', 'next', 2_000],
    ['prefetch', ['later']],
  ])
  swarm.fetches.get('next')?.resolve()
  await expect.poll(() => counted).toEqual([10])
})

it('fetches its own part of what nobody has from a relay, and waits for the others with theirs', async () => {
  const { swarm, ahead, pass } = fetching()
  const [mine, theirs] = [pieceOfTurn(0), pieceOfTurn(2)]
  ahead.set('film', [
    { cid: theirs, inMs: 20_000 },
    { cid: mine, inMs: 24_000 },
  ])
  expect(swarm.taken()).toEqual([
    ['fetching', mine],
    ['relay', mine],
  ])
  // A player comes to what another fetches: it is waited for, and comes from there.
  const arrival = ahead.arrival(theirs)
  pass(250)
  swarm.holders.set(theirs, 1)
  pass(250)
  expect(swarm.taken()).toEqual([['fetch', theirs, 0]])
  swarm.fetches.get(theirs)?.resolve()
  expect(await arrival).toBe(true)
  expect(ahead.arrival('unheard of')).toBeUndefined()
})

it('nobody waits longer for others than the player can, and nothing is looked for that was needed long ago', async () => {
  const { swarm, ahead, pass } = fetching()
  const theirs = pieceOfTurn(2)
  // Two turns would have to pass, and both relay lanes are taken.
  const taken = [pieceOfTurn(0), 'late one', 'late two']
  ahead.set('film', [...taken.map((cid) => ({ cid, inMs: 0 })), { cid: theirs, inMs: 1_900 }])
  const arrival = ahead.arrival(theirs)
  pass(2_000)
  expect(await arrival).toBe(false)
  expect(ahead.arrival(theirs)).toBeUndefined()
  swarm.taken()
  pass(40_000)
  ahead.set('another film', [{ cid: 'new', inMs: 60_000 }])
  expect(taken.map((cid) => swarm.signals.get(cid)?.aborted ?? true)).toEqual([true, true, true])
})

it('a window that moves gives up what it left, but for what somebody waits for', async () => {
  const { swarm, ahead } = fetching()
  for (const cid of ['a', 'b', 'c']) swarm.holders.set(cid, 1)
  ahead.set('film', [
    { cid: 'a', inMs: 0 },
    { cid: 'b', inMs: 3_000 },
    { cid: 'c', inMs: 9_000 },
  ])
  const waiting = ahead.arrival('b')
  ahead.set('film', [])
  expect(['a', 'b', 'prefetch c'].map((cid) => swarm.signals.get(cid)?.aborted)).toEqual([true, false, true])
  swarm.fetches.get('b')?.reject(new Error('gone'))
  expect(await waiting).toBe(false)
})

it('goes on with what is under way when the player comes to it, and begins nothing that the player asks for itself', () => {
  const { swarm, ahead } = fetching()
  const [mine, next] = [pieceOfTurn(0), 'next']
  ahead.set('film', [{ cid: mine, inMs: 4_000 }])
  expect(swarm.taken()).toEqual([
    ['fetching', mine],
    ['relay', mine],
  ])
  ahead.set('film', [
    { cid: mine, inMs: 3_000, asked: true },
    { cid: next, inMs: 7_000, asked: true },
  ])
  expect(swarm.taken()).toEqual([])
  expect(swarm.signals.get(mine)?.aborted).toBe(false)
  // The worker is told, so that the relay does not send it twice.
  expect([mine, next].map((cid) => ahead.isFromRelay(cid))).toEqual([true, false])
})

it('a player that asks before the others leaves a piece to whose turn it is, and says so of its own', async () => {
  const { swarm, ahead, pass } = fetching()
  const [mine, theirs] = [pieceOfTurn(0), pieceOfTurn(2)]
  ahead.set('film', [
    { cid: mine, inMs: 8_000, asked: true },
    { cid: theirs, inMs: 9_000, asked: true },
  ])
  expect(swarm.taken()).toEqual([])
  // Whoever answers the player asks HTTP now, and the others know of it.
  expect(await ahead.arrival(mine)).toBe(false)
  expect(swarm.taken()).toEqual([['fetching', mine]])
  expect(ahead.arrival(mine)).toBeUndefined()

  const arrival = ahead.arrival(theirs)
  swarm.coming.add(theirs)
  // Their turn is over, but they are getting it.
  pass(3_000)
  expect(swarm.taken()).toEqual([])
  swarm.holders.set(theirs, 1)
  pass(250)
  expect(swarm.taken()).toEqual([['fetch', theirs, 0]])
  swarm.fetches.get(theirs)?.resolve()
  expect(await arrival).toBe(true)
})

it('a player does not wait for others when it is late, nor when they have left', async () => {
  const { swarm, ahead, pass } = fetching()
  const [late, left] = [pieceOfTurn(1), pieceOfTurn(2)]
  ahead.set('film', [
    { cid: late, inMs: 2_000, asked: true },
    { cid: left, inMs: 9_000, asked: true },
  ])
  const arrivals = [ahead.arrival(late), ahead.arrival(left)]
  swarm.coming.add(late)
  pass(600)
  expect(await arrivals[0]).toBe(false)
  swarm.peers = []
  pass(250)
  expect(await arrivals[1]).toBe(false)
})

it('looks again as soon as somebody has something new, and tells when a relay fails', async () => {
  const { swarm, ahead, pass } = fetching()
  const [mine, theirs] = [pieceOfTurn(0), pieceOfTurn(1)]
  ahead.set('film', [
    { cid: mine, inMs: 20_000 },
    { cid: theirs, inMs: 3_000 },
  ])
  swarm.taken()
  swarm.holders.set(theirs, 1)
  swarm.dispatchEvent(new Event('peer:update'))
  pass(50)
  expect(swarm.taken()).toEqual([['fetch', theirs, 2_950]])
  swarm.fetches.get(mine)?.reject(new Error('down'))
  await expect.poll(() => swarm.taken()).toEqual([['not fetching', mine]])
})

it('fetches nothing where the device or the visitor does not allow it, and stops when they no longer do', () => {
  const { swarm, ahead, device, pass } = fetching()
  swarm.holders.set('a', 1)
  device.allows = false
  ahead.set('film', [{ cid: 'a', inMs: 1_000 }])
  expect(swarm.taken()).toEqual([])
  device.allows = true
  ahead.set('film', [{ cid: 'a', inMs: 1_000 }])
  expect(swarm.taken()).toHaveLength(1)
  device.allows = false
  pass(250)
  expect(swarm.signals.get('a')?.aborted).toBe(true)
})

it('does not fetch what is here, and counts nothing that a player asked for', async () => {
  const { swarm, ahead, counted } = fetching()
  swarm.held.add('here')
  swarm.holders.set('asked', 1)
  ahead.set('film', [
    { cid: 'here', inMs: 0 },
    { cid: 'asked', inMs: 0 },
  ])
  expect(swarm.taken()).toEqual([['fetch', 'asked', 0]])
  ahead.asked('asked')
  swarm.fetches.get('asked')?.resolve()
  await expect.poll(() => ahead.arrival('asked')).toBeUndefined()
  expect(counted).toEqual([])
})

it('follows few streams at once: the one that was told longest ago makes room, and what it wanted is given up', () => {
  const { swarm, ahead } = fetching()
  for (let stream = 0; stream <= 8; stream += 1) {
    swarm.holders.set(`piece ${String(stream)}`, 1)
    ahead.set(`tab:${String(stream)}`, [{ cid: `piece ${String(stream)}`, inMs: 1000 }])
  }
  const given = [...swarm.signals].filter(([, signal]) => signal.aborted).map(([cid]) => cid)
  expect(given).toEqual(['piece 0'])
})

it('begins nothing twice, leaves to HTTP what a player has asked for, and forgets what nobody came for', () => {
  const { swarm, ahead, pass } = fetching()
  swarm.holders.set('far', 1)
  ahead.set('tab:1', [{ cid: 'far', inMs: 20_000 }])
  pass(250)
  expect(swarm.taken()).toEqual([['prefetch', ['far']]])

  const [ours, later] = [pieceOfTurn(0), pieceOfTurn(2)]
  ahead.set('tab:1', [{ cid: later, inMs: 20_000 }])
  ahead.asked(later)
  pass(2000)
  expect(swarm.taken()).toEqual([])

  ahead.set('tab:1', [{ cid: ours, inMs: 0 }])
  expect(swarm.taken()).toEqual([
    ['fetching', ours],
    ['relay', ours],
  ])
  pass(30_000)
  expect(swarm.signals.get(ours)?.aborted).toBe(false)
  pass(250)
  expect(swarm.signals.get(ours)?.aborted).toBe(true)
})

it('asks no relay while somebody who has just come has not said what they hold, but for what is late', () => {
  const { swarm, ahead, pass } = fetching()
  const [mine, late] = [pieceOfTurn(0), 'late']
  swarm.peers = swarm.peers.map((peer) => ({ ...peer, askedAt: 0 }))
  ahead.set('film', [
    { cid: mine, inMs: 20_000 },
    { cid: late, inMs: 1_000 },
  ])
  expect(swarm.taken()).toEqual([
    ['fetching', late],
    ['relay', late],
  ])
  swarm.peers = swarm.peers.map((peer) => ({ ...peer, askedAt: undefined }))
  swarm.holders.set(mine, 1)
  pass(250)
  expect(swarm.taken()).toEqual([['prefetch', [mine]]])
  // One that never says so holds nobody up for long.
  swarm.peers = swarm.peers.map((peer) => ({ ...peer, askedAt: 0 }))
  swarm.holders.clear()
  pass(250)
  expect(swarm.taken()).toEqual([
    ['fetching', mine],
    ['relay', mine],
  ])
})

it('asks nobody for what a player or a relay is getting', () => {
  const { swarm, ahead, pass } = fetching()
  const [mine, asked, far] = [pieceOfTurn(0), 'asked', 'far']
  ahead.set('film', [
    { cid: asked, inMs: 8_000, asked: true },
    { cid: mine, inMs: 12_000 },
  ])
  expect(swarm.taken().at(-1)).toEqual(['relay', mine])
  for (const cid of [mine, asked, far]) swarm.holders.set(cid, 1)
  pass(250)
  expect(swarm.taken()).toEqual([])
  ahead.set('film', [{ cid: far, inMs: 16_000 }])
  expect(swarm.taken()).toEqual([['prefetch', [far]]])
  // What is on its way goes on when the player comes to it.
  ahead.set('film', [{ cid: far, inMs: 15_000, asked: true }])
  pass(250)
  expect(swarm.taken()).toEqual([])
  expect(swarm.signals.get('prefetch far')?.aborted).toBe(false)
})

it('begins few pieces at a time in the background, the rarest first, and fewer while a player waits', () => {
  const { swarm, ahead, pass } = fetching()
  const coming = ['a', 'b', 'c', 'd'].map((cid, at) => ({ cid, inMs: 10_000 + 4_000 * at }))
  for (const { cid } of coming) swarm.holders.set(cid, cid === 'd' ? 1 : 2)
  swarm.holders.set('asked', 2)
  ahead.set('film', coming)
  expect(swarm.taken()).toEqual([['prefetch', ['d', 'a']]])
  const here = (cid: string): void => {
    swarm.held.add(cid)
    swarm.dispatchEvent(new CustomEvent('piece', { detail: { cid } }))
    pass(50)
  }
  ahead.set('film', [{ cid: 'asked', inMs: 8_000, asked: true }, ...coming])
  here('d')
  // What is under way goes on.
  expect(swarm.taken()).toEqual([['prefetch', ['a']]])
  here('asked')
  expect(swarm.taken()).toEqual([['prefetch', ['a', 'b']]])
})

it('begins others in the background when those that it began do not come: whoever has them may choke us', () => {
  const { swarm, ahead, pass } = fetching()
  const coming = ['a', 'b', 'c', 'd'].map((cid, at) => ({ cid, inMs: 30_000 + 4_000 * at }))
  for (const { cid } of coming) swarm.holders.set(cid, 1)
  ahead.set('film', coming)
  expect(swarm.taken()).toEqual([['prefetch', ['a', 'b']]])
  pass(6_000)
  ahead.set(
    'film',
    coming.map(({ cid, inMs }) => ({ cid, inMs: inMs - 6_000 })),
  )
  expect(swarm.taken()).toEqual([['prefetch', ['a', 'b', 'c', 'd']]])
})
