import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { pino } from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { ChunkedResponse } from './chunked-response.ts'
import { nodeListener } from './node-listener.ts'
import type { FetchHandler } from './node-listener.ts'
import type { Uplink } from './uplink.ts'

let server: Server
const outgoing: ServerResponse[] = []

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

async function serve(handler: FetchHandler, uplink?: Uplink): Promise<string> {
  const listener = nodeListener(handler, pino({ level: 'silent' }), uplink)
  server = createServer((incoming: IncomingMessage, response) => {
    outgoing.push(response)
    listener(incoming, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`
}

test('the signal aborts when the client leaves in the middle, and not when it has everything', async () => {
  const asked: Request[] = []
  let goOn: (() => void) | undefined
  const url = await serve(async (request) => {
    asked.push(request)
    const { signal } = request
    if (!request.url.endsWith('/slow')) return new Response('all of it')
    await new Promise<void>((resolve) => {
      goOn = resolve
      signal.addEventListener('abort', () => {
        resolve()
      })
    })
    return new Response('too late')
  })
  expect(await (await fetch(url)).text()).toBe('all of it')
  const socket: Socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await expect.poll(() => goOn).toBeDefined()
  socket.destroy()
  await expect.poll(() => asked[1]?.signal.aborted).toBe(true)
  await expect.poll(() => outgoing[0]?.closed).toBe(true)
  expect(asked[0]?.signal.aborted).toBe(false)
  // Asked for when the client has long gone.
  expect([asked[0]?.clone().signal.aborted, new Request(url, asked[1]).signal.aborted]).toEqual([false, true])
})

test('a body of chunks is the same sent as it is, or made into another response; HEAD makes none of it', async () => {
  let made = 0
  let ended = 0
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (const part of ['one ', 'two ', 'x'.repeat(300_000)]) {
        made += 1
        yield await Promise.resolve(Buffer.from(part))
      }
    } finally {
      ended += 1
    }
  }
  const url = await serve((request) => {
    const response = new ChunkedResponse(chunks(), { status: 203, headers: { 'X-Of': 'chunks' } })
    return request.url.endsWith('/again') ? new Response(response.body, response) : response
  })
  for (const path of ['', 'again']) {
    const response = await fetch(url + path)
    expect([response.status, response.headers.get('x-of')]).toEqual([203, 'chunks'])
    expect(await response.text()).toBe(`one two ${'x'.repeat(300_000)}`)
  }
  expect([made, ended]).toEqual([6, 2])
  expect((await fetch(url, { method: 'HEAD' })).headers.get('x-of')).toBe('chunks')
  expect(made).toBe(6)
})

test('a body that fails, or is given up, is let go of, and does not look whole', async () => {
  let ended = 0
  async function* endless(fails: boolean): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; ; at += 1) {
        if (fails && at === 3) throw new Error('lost')
        yield await Promise.resolve(new Uint8Array(200_000))
      }
    } finally {
      ended += 1
    }
  }
  const url = await serve((request) => new ChunkedResponse(endless(request.url.endsWith('/lost'))))
  await expect(fetch(`${url}lost`).then((response) => response.bytes())).rejects.toThrow()
  await expect.poll(() => ended).toBe(1)
  const controller = new AbortController()
  const response = await fetch(url, { signal: controller.signal })
  await response.body?.getReader().read()
  controller.abort()
  await expect.poll(() => ended).toBe(2)
})

test('who has gone before the answer is made takes no turn on the line', async () => {
  const begin = vi.fn()
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new Uint8Array(100_000))
  }
  let answered = false
  const url = await serve(
    async ({ signal }) => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve)
      })
      answered = true
      return new ChunkedResponse(chunks())
    },
    { begin } as unknown as Uplink,
  )
  const before = outgoing.length
  const socket: Socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await expect.poll(() => outgoing.length).toBe(before + 1)
  socket.destroy()
  await expect.poll(() => answered).toBe(true)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(begin).not.toHaveBeenCalled()
})
