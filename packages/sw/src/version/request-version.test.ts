import { parseSiteName, siteNameOf } from '@blackhole/protocol'
import { MemorySiteState, createSiteRecord } from '@blackhole/site'
import { testClock } from '@blackhole/testkit/clock'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect, it } from 'vitest'
import type { SiteRequest } from '../handlers/handler.ts'
import { MemoryClientRoots } from './client-roots.ts'
import { versionForRequest } from './request-version.ts'
import type { SiteVersion } from './site-version.ts'
import { SiteVersions } from './site-versions.ts'

const ROOTS = [
  'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
  'bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
] as const

/** Versions of a site, each with these traits, of which the relay says which is newest. */
async function versionsOf(manifest: Partial<SiteVersion['manifest']>): Promise<{
  publish: (sequence: 1 | 2) => Promise<void>
  ask: (request: Partial<Omit<SiteRequest, 'request'>> & { destination?: string }) => Promise<string | undefined>
}> {
  const key = await generateKeyPair('Ed25519')
  const clock = testClock()
  let newest: Promise<Uint8Array<ArrayBuffer>> = Promise.reject(new Error('nothing is published'))
  newest.catch(() => undefined)
  const versions = new SiteVersions(
    {
      state: new MemorySiteState(),
      clients: new MemoryClientRoots(clock.now),
      loader: {
        load: (root) =>
          Promise.resolve({
            root,
            manifest: { retired: false, files: {}, ...manifest } as SiteVersion['manifest'],
            rules: { redirects: [], headers: [] },
          }),
      },
      clock: { now: clock.now, sleep: clock.delay },
      askRelays: () => [newest],
      onRetired: () => undefined,
    },
    parseSiteName(siteNameOf(key.publicKey)),
  )
  const components = {
    versions,
    playlists: { of: () => Promise.resolve(undefined) },
    clock: { now: clock.now, sleep: clock.delay },
    keepAlive: () => undefined,
    isStale: () => Promise.resolve(false),
  }
  return {
    publish: async (sequence) => {
      const record = await createSiteRecord(key, { root: ROOTS[sequence - 1] ?? '', sequence, now: clock.now })
      newest = Promise.resolve(record.bytes)
      if (sequence === 1) await versions.begin()
    },
    ask: async ({ destination = '', ...asked }) => {
      const request: SiteRequest = {
        request: { destination } as Request,
        url: new URL('https://site.test/'),
        clientId: '',
        resultingClientId: '',
        navigates: false,
        waitUntil: () => undefined,
        ...asked,
      }
      return (await versionForRequest(components, 'hosted', request))?.root
    },
  }
}

const navigation = (resultingClientId: string) =>
  ({ resultingClientId, navigates: true, destination: 'document' }) as const

it('a navigation that learns of a newer version of what is pulled gets that one, and so do all pages from then on', async () => {
  const { publish, ask } = await versionsOf({ pulled: true })
  await publish(1)
  expect(await ask(navigation('first'))).toBe(ROOTS[0])
  await publish(2)
  expect(await ask(navigation('second')), 'the version that was current before it was asked').toBe(ROOTS[1])
  expect(await ask({ clientId: 'first' }), 'no page is bound to a version').toBe(ROOTS[1])
})

it('a page keeps the version that it was opened with where versions are published, and so do its frames', async () => {
  const { publish, ask } = await versionsOf({})
  await publish(1)
  expect(await ask(navigation('first'))).toBe(ROOTS[0])
  await publish(2)
  expect(await ask(navigation('second'))).toBe(ROOTS[1])
  expect(await ask({ clientId: 'first' })).toBe(ROOTS[0])
  const frame = { clientId: 'first', resultingClientId: 'frame', navigates: true, destination: 'iframe' }
  expect(await ask(frame)).toBe(ROOTS[0])
  expect(await ask({ clientId: 'frame' })).toBe(ROOTS[0])
})
