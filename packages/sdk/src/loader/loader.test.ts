import { afterEach, beforeEach, expect, it, vi } from 'vitest'

/** What the script finds around it: a page whose tag says `data-eager`, and a browser that notes what is registered. */
let registered: string[]

/** A peer's script, as the tag names it. */
const script = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`

function page(peer: string, controller: object | null = null): void {
  vi.stubGlobal('document', {
    currentScript: {
      src: 'https://relay.test/blackhole.js',
      dataset: { site: 'k51site', eager: '', peer },
    },
    readyState: 'loading',
  })
  vi.stubGlobal('window', {})
  vi.stubGlobal('location', new URL('https://site.test/'))
  vi.stubGlobal('navigator', {
    serviceWorker: {
      controller,
      addEventListener: () => undefined,
      startMessages: () => undefined,
      register: (url: string) => {
        registered.push(new URL(url).pathname)
        return Promise.resolve({})
      },
      ready: Promise.resolve({}),
    },
  })
}

async function load(): Promise<void> {
  vi.resetModules()
  await import('./loader.ts')
}

beforeEach(() => {
  registered = []
})

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'peerStarted')
  vi.unstubAllGlobals()
})

it('registers the worker although the peer never starts: its storage hangs', async () => {
  page(script('export const start = () => { globalThis.peerStarted = true; return new Promise(() => {}) }'))
  await load()
  await expect.poll(() => registered).toEqual(['/blackhole-sw.js'])
  await expect.poll(() => Reflect.get(globalThis, 'peerStarted') as unknown).toBe(true)
})

it.each([
  ['fails', 'export const start = () => Promise.reject(new Error("no storage"))'],
  ['is no script', '<html>'],
])('registers the worker although the peer %s', async (_how, code) => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined)
  page(script(code))
  await load()
  await expect.poll(() => registered).toEqual(['/blackhole-sw.js'])
  await expect.poll(() => warn.mock.calls.length).toBe(1)
  warn.mockRestore()
})

it('lets the peer’s script run before the worker’s is fetched, unless the worker has the page already', async () => {
  const late = Promise.withResolvers<undefined>()
  vi.stubGlobal('peerScript', late.promise)
  const peer = script('await globalThis.peerScript; export const start = () => new Promise(() => {})')
  page(peer)
  await load()
  await new Promise((resolve) => setImmediate(resolve))
  expect(registered).toEqual([])
  late.resolve(undefined)
  await expect.poll(() => registered).toEqual(['/blackhole-sw.js'])

  page(script('await new Promise(() => {})'), {})
  await load()
  expect(registered).toEqual(['/blackhole-sw.js', '/blackhole-sw.js'])
})
