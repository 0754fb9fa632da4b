import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, PublishResult, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, ready, sha256 } from './page.ts'
import type { Answer } from './page.ts'
import { TestSite, html } from './test-site.ts'

/** Three pieces: a node and its leaves. */
const LARGE = seededBytes(2 * 1024 * 1024 + 9, 14)

let relay: RelayProcess
let site: TestSite
let other: TestSite
let published: PublishResult
let foreign: PublishResult
let browser: ChromiumBrowser
let visitor: ChromiumVisitor

test.beforeAll(async () => {
  relay = await startRelay()
  site = await TestSite.create(relay)
  published = await site.publish({ 'index.html': html('Home'), 'docs/a.txt': 'a\n', 'large.bin': LARGE })
  other = await TestSite.create(relay)
  foreign = await other.publish({
    'index.html': html('Another site'),
    'note.txt': 'of another site\n',
    'lib.js': 'globalThis.lib = origin\n',
    'attack.html': html('Sandboxed', '<script>localStorage.attacked = document.title = origin</script>'),
  })
  browser = await launchChromium()
  visitor = await browser.newVisitor()
  await visitor.goto(site.url)
  await ready(visitor)
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
  await other.remove()
})

function through(answer: Answer): Answer {
  expect(answer.headers['x-blackhole-source'], 'comes through the worker').toMatch(/^(local|peers|http|mixed)$/)
  expect(answer.headers['server-timing']).toMatch(/blackhole;desc="\w+";dur=[\d.]+/)
  expect(answer.headers['etag']).toMatch(/^(W\/)?"[^"]+"$/)
  return answer
}

test('content of any site by its CID, whole and in part', async () => {
  expect(through(await get(visitor, `/ipfs/${published.root}/docs/a.txt`))).toMatchObject({ status: 200, text: 'a\n' })
  expect(through(await get(visitor, `/ipfs/${published.root}/large.bin`))).toMatchObject({
    status: 200,
    sha256: sha256(LARGE),
  })
  const range = through(
    await get(visitor, `/ipfs/${published.root}/large.bin`, { headers: { Range: 'bytes=1048570-1048585' } }),
  )
  expect(range).toMatchObject({ status: 206, sha256: sha256(LARGE.subarray(1_048_570, 1_048_586)) })
  expect(through(await get(visitor, `/ipfs/${foreign.root}/note.txt`))).toMatchObject({
    status: 200,
    text: 'of another site\n',
  })
})

test('content by the name of a site, its own and another', async () => {
  expect(through(await get(visitor, `/ipns/${site.name}/docs/a.txt`))).toMatchObject({ status: 200, text: 'a\n' })
  expect(through(await get(visitor, `/ipns/${other.name}/note.txt`))).toMatchObject({
    status: 200,
    text: 'of another site\n',
  })
})

test('a document that somebody else uploaded does not run as the site', async () => {
  const attack = `/ipfs/${foreign.root}/attack.html`
  expect(through(await get(visitor, attack)).headers).toMatchObject({
    'content-security-policy': 'sandbox',
    'x-content-type-options': 'nosniff',
  })
  const inPage = await visitor.evaluate(
    async ([attack, lib, text]) => {
      const frame = document.createElement('iframe')
      await new Promise((resolve) => {
        frame.onload = resolve
        frame.src = attack
        document.body.append(frame)
      })
      const load = async (src: string): Promise<string> =>
        await new Promise((resolve) => {
          const script = document.createElement('script')
          script.onload = () => resolve('runs')
          script.onerror = () => resolve('is refused')
          script.src = src
          document.head.append(script)
        })
      return {
        frame: frame.contentDocument === null ? 'is out of reach' : frame.contentDocument.title,
        lib: await load(lib),
        text: await load(text),
        worker: await navigator.serviceWorker.register(lib).then(
          () => 'is registered',
          () => 'is refused',
        ),
      }
    },
    [attack, `/ipfs/${foreign.root}/lib.js`, `/ipfs/${foreign.root}/note.txt`] as const,
  )
  // What the page itself asks to run does, by its type; a worker would be for ever.
  expect(inPage).toEqual({ frame: 'is out of reach', lib: 'runs', text: 'is refused', worker: 'is refused' })

  const tab = await browser.newVisitor()
  await tab.goto(site.url)
  await ready(tab)
  await tab.goto(new URL(attack, site.url).href)
  expect(await tab.evaluate(() => [origin, document.title])).toEqual(['null', 'Sandboxed'])
  const timings = await tab.evaluate(() =>
    performance
      .getEntriesByType('navigation')
      .flatMap((entry) => (entry as PerformanceNavigationTiming).serverTiming.map(({ name }) => name)),
  )
  expect(timings).toEqual(['blackhole'])
  await tab.goto(`${site.url}ipns/${other.name}/index.html`)
  expect(await tab.evaluate(() => location.href)).toBe(`${other.url}index.html`)
  await tab.goto(site.url)
  expect(await tab.evaluate(() => localStorage.getItem('attacked'))).toBeNull()
  await tab.close()
})

test('the manifest that the page was served from', async () => {
  const manifest = through(await get(visitor, '/.blackhole/manifest.json'))
  expect(manifest.status).toBe(200)
  expect(Object.keys((JSON.parse(manifest.text) as { files: object }).files).sort()).toEqual([
    'docs/a.txt',
    'index.html',
    'large.bin',
  ])
})

test('content that only another visitor has comes from there, of the site and of others', async () => {
  await get(visitor, `/ipfs/${published.root}/large.bin`)
  await get(visitor, `/ipfs/${foreign.root}/note.txt`)
  await relay.serveContent(false)
  const before = (await relay.metrics()).contentBytes
  const later = await browser.newVisitor()
  await later.goto(site.url)
  await later.waitFor(() => document.title === 'Home')
  await ready(later)
  for (const [path, content] of [
    [`/ipfs/${published.root}/large.bin`, LARGE],
    [`/ipfs/${foreign.root}/note.txt`, 'of another site\n'],
  ] as const) {
    const answer = through(await get(later, path))
    expect(answer).toMatchObject({ status: 200, sha256: sha256(content) })
    expect(answer.headers['x-blackhole-source'], path).toBe('peers')
  }
  expect((await relay.metrics()).contentBytes).toEqual(before)
  await later.close()
  await relay.serveContent(true)
})

test('what was read once needs no relay', async () => {
  await get(visitor, `/ipfs/${foreign.root}/note.txt`)
  await relay.kill()
  expect(through(await get(visitor, `/ipfs/${foreign.root}/note.txt`))).toMatchObject({
    status: 200,
    text: 'of another site\n',
    headers: { 'x-blackhole-source': 'local' },
  })
  const never = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
  expect(through(await get(visitor, `/ipfs/${never}`)).status).toBe(504)
  await relay.start()
})
