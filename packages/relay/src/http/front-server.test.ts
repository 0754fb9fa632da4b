import { request } from 'node:http'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FrontServer } from './front-server.ts'

let front: FrontServer

beforeEach(async () => {
  front = new FrontServer(
    { log: pino({ level: 'silent' }), now: () => performance.now() },
    {
      host: '127.0.0.1',
      port: 0,
      trustProxy: false,
      maxSocketsPerAddress: 100,
      socketsPerSecondPerAddress: 100,
      maxAnswersPerAddress: 64,
    },
  )
  await front.listen()
})

afterEach(() => front.close())

test('until it is told who answers, all requests get 503 and come again', async () => {
  const url = `http://127.0.0.1:${String(front.port)}/healthz`
  const early = await fetch(url)
  expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1'])
  front.handle((_, response) => response.end('here'), neverUpgrade)
  expect(await (await fetch(url)).text()).toBe('here')
})

test('a WebSocket that comes too early is told so', async () => {
  const socket = connect(front.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  const [status] = (await text(socket)).split('\r\n')
  expect(status).toBe('HTTP/1.1 503 Service Unavailable')
})

test('draining, it lets the answer under way end, tells who asks on an open connection to leave, and takes no other', async () => {
  const answers: ServerResponse[] = []
  front.handle((_, response) => {
    answers.push(response)
    response.write('first half, ')
  }, neverUpgrade)
  const port = front.port
  const [slow] = await ask(port)
  // A second request waits on a connection that carries an answer: HTTP allows to send it already (RFC 9112, 9.3.2).
  const pipelined = connect(port, '127.0.0.1')
  pipelined.write('GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await expect.poll(() => answers.length).toBe(2)

  let drained = false
  const draining = front.drain().then(() => {
    drained = true
  })
  await expect(fetch(`http://127.0.0.1:${String(port)}/`)).rejects.toThrow()
  pipelined.write('GET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  answers[1]?.end('second half')
  const received = await text(pipelined)
  expect(received).toMatch(/second half[^]*HTTP\/1\.1 503 Service Unavailable[^]*Connection: close/)
  expect(drained).toBe(false)

  answers[0]?.end('second half')
  expect(await slow).toBe('first half, second half')
  await draining
})

function neverUpgrade(): void {
  throw new Error('No WebSocket is expected')
}

/** Resolves when the answer begins, with a promise of all of it. */
async function ask(port: number): Promise<Promise<string>[]> {
  return await new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1' }, (response) => {
      resolve([text(response)])
    })
      .on('error', reject)
      .end()
  })
}
