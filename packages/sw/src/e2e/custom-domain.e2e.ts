import { launchChromium, seededBytes, startDnsServer, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, DnsServer, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, ready, sha256, statusOf } from './page.ts'
import { TestSite, html } from './test-site.ts'

/** The operator said that this is the site's. */
const ALIAS = 'www.own.test'
/** Its owner said so, by DNS. */
const LINKED = 'linked.test'
const STRANGER = 'stranger.test'

const PICTURE = seededBytes(300_000, 21)

let dns: DnsServer
let relay: RelayProcess
let site: TestSite
let browser: ChromiumBrowser

test.beforeAll(async () => {
  const records: Record<string, string> = {}
  dns = await startDnsServer(records)
  const setServers = `
    import dns from 'node:dns/promises'
    import { syncBuiltinESMExports } from 'node:module'
    dns.setServers(['${dns.address}'])
    syncBuiltinESMExports()`
  const args = ['--dnslink']
  relay = await startRelay({
    args,
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(setServers)}` },
  })
  site = await TestSite.create(relay)
  // These domains mean loopback only in this browser: from its name, the page takes the relay for a public one.
  const tag = `<script async src="/.blackhole/blackhole.js" data-site="${site.name}" data-worker="/.blackhole/blackhole-sw.js" data-allow-private></script>`
  await site.publish({ 'index.html': html('Home', tag), 'careful.html': html('Careful'), 'picture.bin': PICTURE })
  records[`_dnslink.${LINKED}`] = `dnslink=/ipns/${site.name}`
  args.push('--aliases', `${ALIAS}=${site.name}`)
  await relay.kill()
  await relay.start()
  const hosts = [ALIAS, LINKED, STRANGER]
  const secure = hosts.map((host) => origin(host).slice(0, -1)).join(',')
  browser = await launchChromium({
    hosts: Object.fromEntries(hosts.map((host) => [host, '127.0.0.1'])),
    args: [`--unsafely-treat-insecure-origin-as-secure=${secure}`],
  })
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await dns.stop()
  await site.remove()
})

function origin(host: string): string {
  return `http://${host}:${String(relay.port)}/`
}

/** A visitor, and the addresses that its page opened WebSockets to. */
interface Watched {
  readonly visitor: ChromiumVisitor
  readonly sockets: readonly string[]
}

async function visit(host: string, path = ''): Promise<Watched> {
  const visitor = await browser.newVisitor()
  const sockets: string[] = []
  visitor.page.on('websocket', (socket) => sockets.push(socket.url()))
  expect(await visitor.goto(origin(host) + path)).toBe(200)
  await visitor.waitFor(() => navigator.serviceWorker.controller !== null)
  expect(await visitor.evaluate(() => location.href)).toBe(origin(host) + path)
  return { visitor, sockets }
}

test('a site has the domains that operator or owner gave it, and the visitors of all of them are one swarm', async () => {
  const careful = await visit(ALIAS, 'careful.html')
  await expect.poll(async () => (await statusOf(careful.visitor)).role).toBe('host')

  const first = await visit(ALIAS)
  await ready(first.visitor)
  expect(await get(first.visitor, '/picture.bin')).toMatchObject({ status: 200, sha256: sha256(PICTURE) })

  // Who comes in the same second as the first can't be told of them yet.
  await expect.poll(async () => (await relay.metrics()).value('blackhole_holders')).toBe(1)
  const second = await visit(LINKED)
  await ready(second.visitor)
  expect(dns.questions).toContain(`_dnslink.${LINKED}`)
  expect(await statusOf(second.visitor)).toMatchObject({ role: 'host', peers: 1 })
  await relay.serveContent(false)
  const picture = await get(second.visitor, '/picture.bin')
  expect(picture).toMatchObject({ status: 200, sha256: sha256(PICTURE) })
  expect(picture.headers['x-blackhole-source']).toBe('peers')

  // Whose tag doesn't say that it may dials no address that only a private network has.
  expect(first.sockets).toEqual([`ws://127.0.0.1:${String(relay.port)}/`])
  expect(careful.sockets).toEqual([])
  expect(await statusOf(careful.visitor)).toMatchObject({ role: 'host', peers: 0 })
  expect(second.visitor.failedRequests).toEqual([])
})

test('a domain that nobody gave it is refused', async () => {
  const visitor = await browser.newVisitor()
  expect(await visitor.goto(origin(STRANGER))).toBe(421)
  expect(await visitor.evaluate(() => 'blackhole' in window)).toBe(false)
})
