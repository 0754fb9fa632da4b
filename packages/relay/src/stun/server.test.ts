import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { STUN_PER_SECOND_PER_ADDRESS } from '../limits.ts'
import { StunServer } from './server.ts'

const silent = pino({ level: 'silent' })

function request(): Buffer {
  return Buffer.concat([Buffer.from('000100002112a442', 'hex'), randomBytes(12)])
}

test('a visitor learns its address, and one that floods is not answered for a while', async () => {
  let now = 0
  const server = new StunServer({ log: silent, now: () => now }, { host: '127.0.0.1', port: 0, software: 'test' })
  await server.start()
  const socket = createSocket('udp4')
  try {
    const sent = request()
    const heard = once(socket, 'message') as Promise<[Buffer]>
    socket.send(sent, server.port, '127.0.0.1')
    const [answer] = await heard
    expect(answer.subarray(8, 20)).toEqual(sent.subarray(8))
    expect(answer.readUInt16BE(26) ^ 0x2112).toBe(socket.address().port)
    expect([...answer.subarray(28, 32)].map((byte, at) => byte ^ [0x21, 0x12, 0xa4, 0x42][at]!)).toEqual([127, 0, 0, 1])

    const burst = 4 * STUN_PER_SECOND_PER_ADDRESS
    for (let at = 0; at < burst + 50; at += 1)
      await new Promise((resolve) => socket.send(request(), server.port, '127.0.0.1', resolve))
    await expect.poll(() => server.answered).toBe(burst)
    now += 1000
    socket.send(request(), server.port, '127.0.0.1')
    await expect.poll(() => server.answered).toBe(burst + 1)
  } finally {
    socket.close()
    await server.stop()
  }
})

test('a port that is taken is an error that names it', async () => {
  const first = new StunServer({ log: silent, now: Date.now }, { host: '127.0.0.1', port: 0, software: 'test' })
  await first.start()
  try {
    const second = new StunServer(
      { log: silent, now: Date.now },
      { host: '127.0.0.1', port: first.port, software: 'test' },
    )
    await expect(second.start()).rejects.toMatchObject({ name: 'ValidationError', subject: 'stunPort' })
  } finally {
    await first.stop()
  }
})
