import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from './chromium.ts'
import { launchFirefox } from './firefox.ts'
import type { TestBrowser, Visitor } from './visitor.ts'

/** A page that names a picture of another origin, one that is missing, and complains itself. */
const PAGE = `<!doctype html><title>page</title>
<img src="https://elsewhere.example/picture.png"><img src="/missing.png">
<script>console.error('it complains'); setTimeout(() => { throw new Error('it throws') })</script>`

let server: Server
let url: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const found = request.url === '/'
    response.writeHead(found ? 200 : 404, { 'content-type': 'text/html' }).end(found ? PAGE : '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://site.localhost:${String((server.address() as AddressInfo).port)}/`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describe.each([
  { name: 'Chromium', launch: launchChromium },
  { name: 'Firefox', launch: launchFirefox },
])('$name', { timeout: 90_000 }, ({ launch }) => {
  let browser: TestBrowser

  beforeAll(async () => {
    browser = await launch()
  }, 90_000)

  afterAll(() => browser.close())

  test('opens a site origin, evaluates with an argument and awaits promises', async () => {
    const visitor = await browser.newVisitor()
    expect(await visitor.goto(url)).toBe(200)
    expect(await visitor.evaluate(async (by: number) => [document.title, 6 * by], 7)).toEqual(['page', 42])
    await visitor.waitFor(() => document.readyState === 'complete')
    await expect(visitor.waitFor(() => false, { timeoutMs: 100 })).rejects.toThrow()
    await visitor.close()
  })

  test('reports what is wrong on this machine and nothing about other origins', async () => {
    const visitor = await browser.newVisitor()
    await visitor.goto(url)
    await visitor.waitFor(() => document.readyState === 'complete')
    expect(visitor.failedRequests.filter((failure) => !failure.includes('favicon'))).toEqual([
      `GET ${url}missing.png : 404`,
    ])
    expect(visitor.consoleErrors.join('\n')).toMatch(/it complains/)
    expect(visitor.consoleErrors.join('\n')).toMatch(/it throws/)
    expect(visitor.consoleErrors.join('\n')).not.toMatch(/elsewhere/)
    await visitor.close()
  })

  test('keeps visitors apart and a visitor’s tabs together', async () => {
    const [one, other] = [await browser.newVisitor(), await browser.newVisitor()]
    await Promise.all([one.goto(url), other.goto(url)])
    await one.evaluate(() => {
      localStorage.setItem('who', 'one')
    })
    const tab = await one.newTab()
    await tab.goto(url)
    const who = (visitor: Visitor) => visitor.evaluate(() => localStorage.getItem('who'))
    expect(await who(tab)).toBe('one')
    expect(await who(other)).toBeNull()
    await Promise.all([one, other, tab].map((visitor) => visitor.close()))
  })
})

test('Chromium and Firefox exchange data over RTCPeerConnection on loopback', { timeout: 120_000 }, async () => {
  const [chromium, firefox] = await Promise.all([launchChromium(), launchFirefox()])
  try {
    const [caller, callee] = [await chromium.newVisitor(), await firefox.newVisitor()]
    await Promise.all([caller.goto(url), callee.goto(url)])
    const offer = await caller.evaluate(offerWithChannel)
    const answer = await callee.evaluate(answerWithEcho, offer)
    expect(await caller.evaluate(exchange, answer)).toBe('echo of hello')
  } finally {
    await Promise.all([chromium.close(), firefox.close()])
  }
})

/** What the three functions below leave in the page for one another. */
interface Kept {
  connection: RTCPeerConnection
  channel: RTCDataChannel
}

async function offerWithChannel(): Promise<string> {
  const connection = new RTCPeerConnection({ iceServers: [] })
  const channel = connection.createDataChannel('data')
  Object.assign(globalThis, { kept: { connection, channel } satisfies Kept })
  await connection.setLocalDescription()
  while (connection.iceGatheringState !== 'complete') {
    await new Promise((resolve) => connection.addEventListener('icegatheringstatechange', resolve, { once: true }))
  }
  return connection.localDescription?.sdp ?? ''
}

async function answerWithEcho(sdp: string): Promise<string> {
  const connection = new RTCPeerConnection({ iceServers: [] })
  connection.addEventListener('datachannel', ({ channel }) => {
    channel.addEventListener('message', ({ data }) => {
      channel.send(`echo of ${String(data)}`)
    })
  })
  await connection.setRemoteDescription({ type: 'offer', sdp })
  await connection.setLocalDescription()
  while (connection.iceGatheringState !== 'complete') {
    await new Promise((resolve) => connection.addEventListener('icegatheringstatechange', resolve, { once: true }))
  }
  return connection.localDescription?.sdp ?? ''
}

async function exchange(sdp: string): Promise<string> {
  const { connection, channel } = (globalThis as unknown as { kept: Kept }).kept
  await connection.setRemoteDescription({ type: 'answer', sdp })
  if (channel.readyState !== 'open') {
    await new Promise((resolve) => channel.addEventListener('open', resolve, { once: true }))
  }
  const answer = new Promise<string>((resolve) => {
    channel.addEventListener(
      'message',
      ({ data }) => {
        resolve(String(data))
      },
      { once: true },
    )
  })
  channel.send('hello')
  return await answer
}
