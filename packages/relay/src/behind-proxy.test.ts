import { createServer, request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { relayPaths } from '@blackhole/protocol'
import { TOKENS_PER_SECOND_PER_ADDRESS } from './limits.ts'
import { connectVisitor, importFiles, newPublisher, publish, startTestRelay } from './relay-harness.ts'
import type { Publisher, TestRelay } from './relay-harness.ts'

const NOW = Date.now()

/** As browsers mark navigations. */
const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

let relay: TestRelay
let proxy: Server
let owner: Publisher

/** A proxy as `docs/operating.md` configures them: Host stays, the visitor's address is added, upgrades pass. */
function proxyTo(port: number): Server {
  const pass = (asked: IncomingMessage): ReturnType<typeof request> => {
    const visitor = asked.headers['x-test-visitor'] ?? asked.socket.remoteAddress ?? ''
    const before = asked.headers['x-forwarded-for']
    const forwarded = [before, visitor].flat().filter(Boolean).join(', ')
    const headers: IncomingHttpHeaders = {
      ...asked.headers,
      'x-forwarded-for': forwarded,
      'x-forwarded-proto': 'https',
    }
    return request({ host: '127.0.0.1', port, method: asked.method, path: asked.url, headers })
  }
  return createServer((asked, response) => {
    const sent = pass(asked)
    sent.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    sent.on('error', () => response.destroy())
    asked.pipe(sent)
  }).on('upgrade', (asked, socket, head: Buffer) => {
    const sent = pass(asked)
    sent.on('upgrade', (answer, upstream) => {
      const lines = answer.rawHeaders.map((each, at) => (at % 2 === 0 ? `${each}: ` : `${each}\r\n`))
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`)
      if (head.byteLength > 0) upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
      for (const end of [upstream, socket]) end.on('error', () => [upstream, socket].forEach((each) => each.destroy()))
    })
    sent.on('error', () => socket.destroy())
    sent.end()
  })
}

beforeEach(async () => {
  const free = createServer().listen(0, '127.0.0.1')
  const port = portOf(await listening(free))
  await new Promise((resolve) => free.close(resolve))
  relay = await startTestRelay(
    { port, trustProxy: true, publicUrl: 'https://relay.example', siteHost: 'sites.example' },
    // Time stands still, so that no limit is forgotten while the test runs.
    { now: () => NOW },
  )
  proxy = await listening(proxyTo(port).listen(0, '127.0.0.1'))
  owner = await newPublisher()
  const direct: TestRelay = {
    ...relay,
    fetch: (path, init) => fetch(new URL(path, `http://127.0.0.1:${String(port)}`), init),
  }
  await publish(direct, owner, await importFiles({ 'index.html': 'Hello' }))
})

afterEach(async () => {
  proxy.closeAllConnections()
  proxy.close()
  await relay.stop()
})

test('behind a proxy, limits per address are those of visitors, whatever these say of themselves', async () => {
  const peer = relay.relay.info.peerId
  const token = (visitor: string, headers: OutgoingHttpHeaders = {}): Promise<number | undefined> =>
    ask(relayPaths.token(owner.name), {
      method: 'POST',
      body: JSON.stringify({ peer }),
      headers: { 'x-test-visitor': visitor, ...headers },
    }).then(({ status }) => status)
  for (let at = 0; at < 5 * TOKENS_PER_SECOND_PER_ADDRESS; at += 1) expect(await token('198.51.100.1')).toBe(200)
  expect(await token('198.51.100.1')).toBe(429)
  expect(await token('198.51.100.1', { 'x-forwarded-for': '203.0.113.9' })).toBe(429)
  expect(await token('198.51.100.2')).toBe(200)
})

test('behind a proxy, links have the scheme and the hosts of the public URL, and WebSockets pass', async () => {
  const { status, headers } = await ask(`/ipns/${owner.name}/page?q=1`, { headers: NAVIGATION })
  expect([status, headers.location]).toEqual([302, `https://${owner.name}.sites.example/page?q=1`])
  // What publishing prints is made of these.
  expect(relay.relay.info).toMatchObject({ siteHost: 'sites.example', siteScheme: 'https' })
  const site = await ask('/', { headers: { ...NAVIGATION, host: `${owner.name}.sites.example` } })
  expect([site.status, site.body]).toEqual([200, expect.stringMatching(/<script async.*Hello/s) as string])
  expect(relay.relay.info.addresses).toContainEqual(expect.stringMatching(/^\/dns\w*\/relay\.example\/.*(wss|tls\/ws)/))

  const addresses = [`/ip4/127.0.0.1/tcp/${String(portOf(proxy))}/ws`]
  const visitor = await connectVisitor({ ...relay.relay, info: { ...relay.relay.info, addresses } })
  try {
    expect(visitor.getPeers().map(String)).toEqual([relay.relay.info.peerId])
  } finally {
    await visitor.stop()
  }
})

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Asks the proxy. */
async function ask(
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
): Promise<Answer> {
  const sent = request({
    host: '127.0.0.1',
    port: portOf(proxy),
    method,
    path,
    headers: { host: 'relay.example', ...headers },
  }).end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) }
}

async function listening(server: Server): Promise<Server> {
  if (!server.listening) await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
