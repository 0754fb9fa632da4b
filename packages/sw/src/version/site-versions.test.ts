import { parseSiteName, siteNameOf } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { MemorySiteState, createSiteRecord } from '@blackhole/site'
import { testClock } from '@blackhole/testkit'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MemoryClientRoots } from './client-roots.ts'
import type { SiteVersion } from './site-version.ts'
import { SiteVersions, VERSION_DEFAULTS } from './site-versions.ts'

const ROOTS = [
  'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
  'bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
  'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354',
] as const

let key: Ed25519PrivateKey
let site: SiteName
let clock: ReturnType<typeof testClock>
let state: MemorySiteState
let clients: MemoryClientRoots
/** What the relay says; undefined: it is down. */
let relay: Uint8Array<ArrayBuffer> | undefined
let lost: Set<string>
let retired: string[]
let loads: string[]

beforeAll(async () => {
  key = await generateKeyPair('Ed25519')
  site = parseSiteName(siteNameOf(key.publicKey))
})

beforeEach(() => {
  clock = testClock()
  state = new MemorySiteState()
  clients = new MemoryClientRoots(clock.now)
  relay = undefined
  lost = new Set()
  retired = []
  loads = []
})

/** A worker that was just started: it shares nothing with the one before but what is stored. */
function start(): SiteVersions {
  const loader = {
    load: (root: string) => {
      loads.push(root)
      const manifest = { retired: retired.includes(root) } as SiteVersion['manifest']
      return lost.has(root)
        ? Promise.reject(new Error(`nobody has ${root}`))
        : Promise.resolve({ root, manifest, rules: { redirects: [], headers: [] } })
    },
  }
  return new SiteVersions(
    {
      state,
      clients,
      loader,
      clock: { now: clock.now, sleep: clock.delay },
      askRelays: () => [relay === undefined ? Promise.reject(new Error('down')) : Promise.resolve(relay)],
      onRetired: () => retired.push('told'),
    },
    site,
  )
}

async function record(sequence: number, lifetimeMs = 1_000_000): Promise<Uint8Array<ArrayBuffer>> {
  const root = ROOTS[sequence - 1] ?? ROOTS[0]
  return (await createSiteRecord(key, { root, sequence, lifetimeMs, now: clock.now })).bytes
}

describe('on a first visit', () => {
  it('nothing is served before the first version has been loaded', async () => {
    const versions = start()
    expect(versions.known).toBeUndefined()
    expect(await versions.forNavigation('a')).toBeUndefined()
    expect(await versions.forClient('a')).toBeUndefined()
    expect(versions.known).toBe(false)
    expect(loads).toEqual([])
    relay = await record(1)
    expect((await versions.begin())?.root).toBe(ROOTS[0])
    expect(versions.known).toBe(true)
    expect((await versions.forClient('a'))?.root).toBe(ROOTS[0])
  })

  it('loads that come together are one', async () => {
    const versions = start()
    relay = await record(1)
    const [a, b] = await Promise.all([versions.begin(), versions.begin()])
    expect(a).toBe(b)
    expect(loads.length).toBe(1)
  })

  it('a page that says what its document was served from gets that version', async () => {
    const versions = start()
    await versions.pin('page', ROOTS[2])
    relay = await record(1)
    await versions.begin()
    expect((await versions.forClient('page'))?.root).toBe(ROOTS[2])
    await expect(versions.pin('other', 'nonsense')).rejects.toThrow('root must be a CID')
  })
})

describe('after an update', () => {
  beforeEach(async () => {
    relay = await record(1)
    await start().begin()
  })

  it('an open page keeps its version, over the death of the worker, and the next navigation gets the new one', async () => {
    const versions = start()
    expect((await versions.forNavigation('old'))?.root).toBe(ROOTS[0])
    relay = await record(2)
    expect((await versions.forNavigation('new'))?.root).toBe(ROOTS[1])
    const restarted = start()
    expect((await restarted.forClient('old'))?.root).toBe(ROOTS[0])
    expect((await restarted.forClient('new'))?.root).toBe(ROOTS[1])
    expect((await restarted.forClient('never seen'))?.root).toBe(ROOTS[1])
  })

  it('a worker or frame of a page uses the version of the page', async () => {
    const versions = start()
    await versions.forNavigation('page')
    relay = await record(2)
    await versions.forNavigation('other')
    expect((await versions.inherit('page', 'frame'))?.root).toBe(ROOTS[0])
    expect((await versions.forClient('frame'))?.root).toBe(ROOTS[0])
  })

  it('a page may bring the record before the relay does', async () => {
    const versions = start()
    await versions.learn(await record(3))
    expect((await versions.forNavigation('page'))?.root).toBe(ROOTS[2])
  })

  it('the version before is served, whole, when the new one can not be loaded', async () => {
    relay = await record(2)
    lost.add(ROOTS[1])
    expect((await start().forNavigation('page'))?.root).toBe(ROOTS[0])
  })

  it('says when the owner has ended the site', async () => {
    relay = await record(2)
    retired.push(ROOTS[1])
    await start().forNavigation('page')
    expect(retired).toContain('told')
  })
})

describe('a record that must not be used', () => {
  beforeEach(async () => {
    relay = await record(2)
    await start().begin()
  })

  it('is refused when it is older, also by a worker that was started again', async () => {
    const versions = start()
    const replayed = await record(1)
    await expect(versions.learn(replayed)).rejects.toMatchObject({ name: 'RecordError', reason: 'stale' })
    relay = replayed
    expect((await versions.forNavigation('page'))?.root).toBe(ROOTS[1])
    expect((await start().begin())?.root).toBe(ROOTS[1])
  })

  it('is refused when another key signed it', async () => {
    const stranger = await generateKeyPair('Ed25519')
    const { bytes } = await createSiteRecord(stranger, { root: ROOTS[2], sequence: 3, now: clock.now })
    await expect(start().learn(bytes)).rejects.toMatchObject({ name: 'RecordError', reason: 'forbidden' })
  })

  it('ends what it named when it has expired and no newer one is known', async () => {
    relay = undefined
    await clock.advance(1_000_001)
    expect(await start().forNavigation('page')).toBeUndefined()
  })
})

describe('without a relay', () => {
  beforeEach(async () => {
    relay = await record(1)
    await start().begin()
    relay = undefined
  })

  it('what is known is served', async () => {
    expect((await start().forNavigation('page'))?.root).toBe(ROOTS[0])
  })

  it('a relay that does not answer holds a navigation up for a bounded time only', async () => {
    const versions = start()
    let served: SiteVersion | undefined
    const slow = new Promise<Uint8Array<ArrayBuffer>>(() => undefined)
    const hanging = new SiteVersions(
      {
        state,
        clients,
        loader: {
          load: async (root: string) => {
            const version = await versions.forClient('')
            if (version === undefined) throw new Error('no version')
            return { ...version, root }
          },
        },
        clock: { now: clock.now, sleep: clock.delay },
        askRelays: () => [slow],
        onRetired: () => undefined,
      },
      site,
    )
    const navigation = hanging.forNavigation('page').then((version) => (served = version))
    await clock.advance(0)
    await clock.advance(VERSION_DEFAULTS.recordTimeoutMs - 1)
    expect(served).toBeUndefined()
    await clock.advance(1)
    await navigation
    expect(served?.root).toBe(ROOTS[0])
  })
})
