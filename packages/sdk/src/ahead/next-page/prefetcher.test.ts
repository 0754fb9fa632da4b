import type { Manifest } from '@blackhole/protocol'
import { testManifest } from '@blackhole/testkit/manifest'
import { expect, it } from 'vitest'
import { PAGES_SETTING, Prefetcher, type VisitedPage } from './prefetcher.ts'

const file = (cid: string, type = 'text/html', size = 1000): Manifest['files'][string] => ({ cid, size, type })
const manifest = testManifest({
  'docs/index.html': file('docs'),
  'film.mp4': {
    ...file('film', 'video/mp4', 50_000_000),
    pieces: Array.from({ length: 48 }, (_, at) => `film-${String(at)}`),
  },
  'index.html': file('home'),
  'news.html': file('news'),
  'news.js': file('script', 'text/javascript'),
  'style.css': file('style', 'text/css'),
})

/** A browser of which only the settings last. */
class FakeBrowser {
  readonly settings = new Map<string, string>()
  readonly got: string[] = []
  readonly store = new Set<string>()
  readonly errors: unknown[] = []
  onGet = (): void => undefined

  async visit(page: Partial<VisitedPage>, signal = new AbortController().signal): Promise<string[]> {
    this.got.length = 0
    const prefetcher = new Prefetcher({
      state: {
        setting: (name) => Promise.resolve(this.settings.get(name)),
        setSetting: (name, value) => Promise.resolve(void this.settings.set(name, String(value))),
      },
      page: {
        pathname: '/',
        referrer: undefined,
        links: () => [],
        loaded: () => [],
        assets: () => [],
        idle: () => Promise.resolve(),
        ...page,
      },
      now: () => 0,
      onError: (_, error) => this.errors.push(error),
    })
    const source = {
      manifest,
      hasMany: (cids: readonly string[]) => Promise.resolve(cids.map((cid) => this.store.has(cid))),
      get: (cid: string) => {
        this.got.push(cid)
        this.store.add(cid)
        this.onGet()
        return Promise.resolve({ bytes: new TextEncoder().encode(`document ${cid}`), source: 'peers' as const })
      },
    }
    await prefetcher.run(source, signal)
    return [...this.got]
  }
}

it('fetches the documents that a page links to, then what they name, and nothing twice', async () => {
  const browser = new FakeBrowser()
  const links = (): string[] => ['/news.html', '/docs/', '/', '/none', '/film.mp4']
  const assets = (html: string, path: string): string[] =>
    html === 'document news' && path === '/news.html' ? ['/news.js', '/film.mp4', '/elsewhere.js'] : []
  // The film does not fit. The documents are read again from here, for what they name.
  expect(await browser.visit({ links, assets })).toEqual(['news', 'docs', 'news', 'script', 'docs'])
  expect(browser.store.has('film-0')).toBe(false)
  expect(await browser.visit({ links, assets })).toEqual(['news', 'docs'])
  expect(browser.errors).toEqual([])
})

it('learns where this visitor goes and what that loads, without a link', async () => {
  const browser = new FakeBrowser()
  await browser.visit({})
  await browser.visit({
    pathname: '/news.html',
    referrer: '/',
    loaded: () => ['/style.css', '/news.js', '/.blackhole/x.js'],
  })
  expect(await browser.visit({})).toEqual(['news', 'style', 'script'])
  expect(browser.settings.get(PAGES_SETTING)).not.toContain('blackhole')
})

it('ends quietly as soon as it is told to', async () => {
  const browser = new FakeBrowser()
  const over = new AbortController()
  browser.onGet = () => {
    over.abort()
  }
  expect(await browser.visit({ links: () => ['/news.html', '/docs/'] }, over.signal)).toEqual(['news'])
  expect(browser.errors).toEqual([])
})
