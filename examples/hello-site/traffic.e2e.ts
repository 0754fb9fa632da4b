import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isOfThisMachine, launchChromium, netLogFlag, publishFolder, readNetLog, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'

/** What pages tell of their connections. */
interface WatchedWindow extends Window {
  readonly blackhole: { readonly ready: Promise<unknown>; status(): Promise<{ shared: number }> }
  /** Servers that WebRTC was told to ask for the page's address. */
  readonly iceServers: string[]
  /** Connections that were made. */
  readonly connections: { count: number }
}

test('nothing leaves the machine while two visitors read the whole site and one gives it to the other', async () => {
  const home = await mkdtemp(join(tmpdir(), 'blackhole-home-'))
  const log = join(home, 'net-log.json')
  const relay = await startRelay()
  try {
    const site = await publishFolder(join(import.meta.dirname, 'site'), { relay: relay.url, home })
    const browser = await launchChromium({ args: [netLogFlag(log)] })
    const giver = await visit(browser, site.url)
    await relay.serveContent(false)
    const taker = await visit(browser, site.url)
    await expect.poll(() => giver.evaluate(sharedBytes)).toBeGreaterThan(site.bytes * 0.95)
    for (const visitor of [giver, taker]) {
      const { connections, iceServers } = await visitor.evaluate(() => {
        const { connections, iceServers } = window as unknown as WatchedWindow
        return { connections: connections.count, iceServers }
      })
      expect(connections).toBeGreaterThan(0)
      for (const server of iceServers) expect(isOfThisMachine(server.replace(/^stun:/, '')), server).toBe(true)
    }
    await browser.close()

    const { addresses, names, urls } = await readNetLog(log)
    expect([...addresses.keys()].filter((address) => !isOfThisMachine(address))).toEqual([])
    // `~notfound` is what the flags of all test browsers make of other names, such as the browser's own wishes.
    expect([...names].filter((name) => name !== '~notfound' && !isOfThisMachine(name))).toEqual([])
    expect([...urls].filter((url) => !isOfThisMachine(new URL(url).host))).toEqual([])
    // The log knows of both ways that bytes came.
    expect([...addresses.keys()]).toContain(`127.0.0.1:${new URL(site.url).port}`)
    expect([...addresses.values()].reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(site.bytes)
    expect(urls).toContain(site.url)
  } finally {
    await relay.stop()
    await rm(home, { recursive: true, force: true })
  }
})

/** Opens the site and reads all of it. */
async function visit(browser: ChromiumBrowser, url: string): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await visitor.context.addInitScript(() => {
    const iceServers: string[] = []
    const connections = { count: 0 }
    Object.assign(window, { iceServers, connections })
    window.RTCPeerConnection = new Proxy(RTCPeerConnection, {
      construct(target, [configuration]: [RTCConfiguration?]) {
        connections.count++
        iceServers.push(...(configuration?.iceServers ?? []).flatMap(({ urls }) => urls))
        return new target(configuration)
      },
    })
  })
  await visitor.goto(url)
  await visitor.waitFor(() => document.querySelector('h1')?.textContent.startsWith('Hello from'))
  await visitor.waitFor(() => document.images.length > 0)
  await visitor.evaluate(async () => {
    await (window as unknown as WatchedWindow).blackhole.ready
    const manifest = (await (await fetch('/.blackhole/manifest.json')).json()) as { files: Record<string, unknown> }
    await Promise.all(Object.keys(manifest.files).map(async (path) => await (await fetch(`/${path}`)).arrayBuffer()))
  })
  return visitor
}

async function sharedBytes(): Promise<number> {
  return (await (window as unknown as WatchedWindow).blackhole.status()).shared
}
