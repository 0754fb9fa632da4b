import type { Connection } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { dialPeer, type Dialler } from './dial-peer.ts'

const CONNECTION = {} as unknown as Connection

/** A dialler of which each dial does the next thing. */
function dialler(...outcomes: ((signal: AbortSignal) => Promise<Connection>)[]): Dialler & { dials: number } {
  return {
    dials: 0,
    async dial(_address, options = {}) {
      const outcome = outcomes[this.dials++]
      if (outcome === undefined || options.signal === undefined) throw new Error('One dial too many')
      return await outcome(options.signal)
    },
  }
}

const hangs = (signal: AbortSignal): Promise<Connection> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('aborted'))
    })
  })

describe('dialPeer', () => {
  it('tries once more when the first dial hangs', async () => {
    const libp2p = dialler(hangs, () => Promise.resolve(CONNECTION))
    expect(await dialPeer(libp2p, [], { timeoutMs: 5 })).toBe(CONNECTION)
    expect(libp2p.dials).toBe(2)
  })

  it('gives up after the second, naming the deadline', async () => {
    await expect(dialPeer(dialler(hangs, hangs), [], { timeoutMs: 5 })).rejects.toMatchObject({
      name: 'DeadlineError',
      reason: 'timeout',
    })
  })

  it('reports what libp2p reports', async () => {
    const fails = (): Promise<Connection> => Promise.reject(new Error('no reservation'))
    await expect(dialPeer(dialler(fails, fails), [])).rejects.toThrow('no reservation')
  })

  it('stops at once when the caller does', async () => {
    const libp2p = dialler(hangs)
    const controller = new AbortController()
    const dial = dialPeer(libp2p, [], { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(dial).rejects.toThrow('enough')
    expect(libp2p.dials).toBe(1)
  })
})
