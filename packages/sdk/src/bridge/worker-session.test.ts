import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeContainer, FakeProvider, site } from './bridge-harness.ts'
import { Bridge } from './bridge.ts'

let provider: FakeProvider
let workers: FakeContainer
let bridge: Bridge

beforeEach(async () => {
  provider = new FakeProvider()
  workers = new FakeContainer()
  const rest = { page: new EventTarget(), loaded: () => [], warn: () => undefined }
  bridge = new Bridge({ provider, workers, ...rest }, { site, root: 'bafyroot' })
  bridge.start()
  await expect.poll(() => workers.of('hello').length).toBeGreaterThan(0)
})

afterEach(() => {
  bridge.stop()
  workers.port?.close()
})

function request(id: number, cids: string[], credit = 1_000_000): void {
  workers.port?.send({ type: 'request', id, cids, deadlineMs: 0, credit })
}

describe('a request of the worker', () => {
  it('gets a head, the blocks and an end', async () => {
    request(1, ['a', 'b'])
    await expect.poll(() => workers.of('end')).toEqual([{ type: 'end', id: 1 }])
    expect(workers.of('head')).toEqual([
      { type: 'head', id: 1, available: [true, true], coming: [false, false], paces: provider.paces(['a', 'b']) },
    ])
    expect(workers.of('chunk').map(({ cid, source, data }) => [cid, source, data.byteLength])).toEqual([
      ['a', 'peers', 100],
      ['b', 'peers', 100],
    ])
    // The provider's own bytes were not given away with the message.
    expect(provider.kept.byteLength).toBe(100)
  })

  it('is told again who has a block, when that changes and it is patient', async () => {
    workers.port?.send({ type: 'request', id: 1, cids: ['slow'], deadlineMs: 0, credit: 100, patient: true })
    await expect.poll(() => workers.of('head').length).toBe(1)
    provider.safeDispatchEvent('holders')
    provider.comingCids.add('slow')
    provider.safeDispatchEvent('holders')
    await expect.poll(() => workers.of('head').map(({ coming }) => coming)).toEqual([[false], [true]])
    workers.port?.send({ type: 'fetching', cids: ['slow'], over: true })
    await expect.poll(() => provider.told).toEqual(['slow over'])
  })

  it('lets the page get what is wanted later, and is told who has it until it is here', async () => {
    workers.port?.send({ type: 'later', id: 5, cids: ['a', 'missing'] })
    await expect
      .poll(() => workers.of('head'))
      .toEqual([{ type: 'head', id: 5, available: [true, false], coming: [false, false], here: [false, false] }])
    expect(provider.needed).toEqual([['a', 'missing']])
    provider.safeDispatchEvent('holders')
    provider.hereCids.add('a')
    provider.safeDispatchEvent('holders')
    await expect
      .poll(() => workers.of('head').map(({ here }) => here))
      .toEqual([
        [false, false],
        [true, false],
      ])
    provider.hereCids.add('missing')
    provider.arrived()
    await expect.poll(() => workers.of('head').at(-1)?.here).toEqual([true, true])
    workers.port?.send({ type: 'later', id: 6, cids: ['slow'] })
    workers.port?.send({ type: 'cancel', id: 6 })
    await expect.poll(() => provider.aborted).toEqual(['slow'])
  })

  it('for later hears nothing of holders before the page knows and may get the blocks, or once it is cancelled', async () => {
    provider.mayPrefetch = false
    workers.port?.send({ type: 'later', id: 7, cids: ['new'] })
    workers.port?.send({ type: 'later', id: 8, cids: ['newer'] })
    workers.port?.send({ type: 'cancel', id: 8 })
    workers.port?.send({ type: 'fetching', cids: ['x'], over: false })
    await expect.poll(() => provider.told).toEqual(['x coming'])
    provider.safeDispatchEvent('holders')
    provider.mayPrefetch = true
    provider.safeDispatchEvent('holders')
    await expect
      .poll(() => workers.of('head'))
      .toEqual([{ type: 'head', id: 7, available: [true], coming: [false], here: [false] }])
    expect(provider.needed).toEqual([['new']])
  })

  it('gets no more than its credit and one block', async () => {
    request(1, ['a', 'b', 'c'], 150)
    await expect.poll(() => workers.of('chunk').length).toBe(2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(workers.of('chunk').length).toBe(2)
    workers.port?.send({ type: 'credit', id: 1, bytes: 100 })
    await expect.poll(() => workers.of('end').length).toBe(1)
    expect(workers.of('chunk').length).toBe(3)
  })

  it('gets the error as data when a block is nowhere', async () => {
    request(1, ['missing', 'slow'])
    await expect.poll(() => workers.of('error').length).toBe(1)
    expect(workers.of('error')[0]?.error).toMatchObject({
      name: 'NotFoundError',
      reason: 'missing',
      subject: 'missing',
    })
    expect(provider.aborted).toEqual(['slow'])
  })

  it('stops when it is cancelled, without an answer', async () => {
    request(1, ['slow1', 'slow2'])
    await expect.poll(() => workers.of('head').length).toBe(1)
    workers.port?.send({ type: 'cancel', id: 1 })
    await expect.poll(() => provider.aborted).toEqual(['slow1', 'slow2'])
    expect(workers.of('error')).toEqual([])
  })

  it('goes on with the rest when only some blocks are no longer needed', async () => {
    request(1, ['slow', 'a'])
    await expect.poll(() => workers.of('chunk').length).toBe(1)
    workers.port?.send({ type: 'cancel', id: 1, cids: ['slow'] })
    await expect.poll(() => workers.of('end').length).toBe(1)
  })

  it('is refused when there are too many at once', async () => {
    for (let id = 0; id < 257; id++) request(id, [`slow${String(id)}`])
    await expect.poll(() => workers.of('error')).toMatchObject([{ id: 256, error: { reason: 'limit' } }])
  })

  it('that makes no sense ends the session', async () => {
    request(1, ['slow'])
    await expect.poll(() => workers.of('head').length).toBe(1)
    workers.port?.send({ type: 'request', id: -1 } as never)
    await expect.poll(() => provider.aborted).toEqual(['slow'])
    expect(bridge.connected).toBe(false)
  })
})
