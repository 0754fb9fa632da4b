import { describe, expect, it } from 'vitest'
import { siteNameOf } from '@blackhole/protocol'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { HostElection, hostLock, type Locks } from './election.ts'

const site = siteNameOf((await generateKeyPair('Ed25519')).publicKey)

/** Web Locks of one origin: exclusive, first come first served. */
function fakeLocks(): Locks {
  const tails = new Map<string, Promise<unknown>>()
  const request = async (
    name: string,
    options: LockOptions,
    task: (lock: Lock) => Promise<unknown>,
  ): Promise<unknown> => {
    const before = tails.get(name) ?? Promise.resolve()
    const held = before.then(async () => {
      options.signal?.throwIfAborted()
      return await task({ name, mode: 'exclusive' })
    })
    tails.set(
      name,
      held.catch(() => undefined),
    )
    const aborted = new Promise<never>((_, reject) => {
      options.signal?.addEventListener('abort', () => {
        reject(options.signal?.reason as Error)
      })
    })
    // A lock that is held outlives its signal, as the standard has it.
    return await Promise.race([held, before.then(() => held), aborted])
  }
  return { request } as unknown as Locks
}

/** A page that hosts until it is told to stop. */
function page(locks: Locks | undefined, log: string[], name: string): HostElection {
  return new HostElection(
    {
      locks,
      onError: (error) => {
        log.push(`${name} failed: ${String(error)}`)
      },
      host: async (signal) => {
        log.push(`${name} hosts`)
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            resolve()
          })
        })
        log.push(`${name} left`)
      },
    },
    { site },
  )
}

const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

describe('HostElection', () => {
  it('names the lock after the site', () => {
    expect(hostLock(site)).toBe(`blackhole:host:${site}`)
  })

  it('has one host of several pages, and hands over when it leaves', async () => {
    const locks = fakeLocks()
    const log: string[] = []
    const [a, b] = [page(locks, log, 'a'), page(locks, log, 'b')]
    a.start()
    b.start()
    await settle()
    expect(log).toEqual(['a hosts'])
    expect([a.isHost, b.isHost]).toEqual([true, false])
    await a.stop()
    await settle()
    expect(log).toEqual(['a hosts', 'a left', 'b hosts'])
    expect([a.isHost, b.isHost]).toEqual([false, true])
    await b.stop()
  })

  it('lets a page that no longer stands wait for nothing', async () => {
    const locks = fakeLocks()
    const log: string[] = []
    const [a, b] = [page(locks, log, 'a'), page(locks, log, 'b')]
    a.start()
    b.start()
    await settle()
    await b.stop()
    await a.stop()
    await settle()
    expect(log).toEqual(['a hosts', 'a left'])
  })

  it('stands again after it was stopped', async () => {
    const locks = fakeLocks()
    const log: string[] = []
    const a = page(locks, log, 'a')
    a.start()
    await settle()
    void a.stop()
    a.start()
    await settle()
    await settle()
    expect(log).toEqual(['a hosts', 'a left', 'a hosts'])
    await a.stop()
  })

  it('hosts where the browser has no locks', async () => {
    const log: string[] = []
    const a = page(undefined, log, 'a')
    a.start()
    await settle()
    expect(a.isHost).toBe(true)
    await a.stop()
    expect(log).toEqual(['a hosts', 'a left'])
  })
})
