import { afterEach, expect, it } from 'vitest'
import { ChannelPort } from './port.ts'

const ports: { close: () => void }[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

function parseNumber(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('not a number')
  return value
}

it('carries messages both ways', async () => {
  const { port1, port2 } = new MessageChannel()
  const got = await new Promise<number>((resolve) => {
    const a = new ChannelPort<number, number>(port1, { parse: parseNumber, onMessage: resolve })
    const b = new ChannelPort<number, number>(port2, {
      parse: parseNumber,
      onMessage: (n) => {
        b.send(n + 1)
      },
    })
    ports.push(a, b)
    a.send(1)
  })
  expect(got).toBe(2)
})

it('is closed by a message that does not validate, once, with the reason', async () => {
  const { port1, port2 } = new MessageChannel()
  const reasons: unknown[] = []
  const reason = await new Promise((resolve) => {
    const port = new ChannelPort<number, number>(port1, {
      parse: parseNumber,
      onMessage: () => undefined,
      onClose: (error) => {
        reasons.push(error)
        resolve(error)
      },
    })
    ports.push(port, {
      close: () => {
        port2.close()
      },
    })
    port2.postMessage('one')
    port2.postMessage('two')
  })
  expect(reason).toBeInstanceOf(TypeError)
  await new Promise((resolve) => setImmediate(resolve))
  expect(reasons).toHaveLength(1)
})

it('sends nothing after it was closed', () => {
  const { port1, port2 } = new MessageChannel()
  const port = new ChannelPort<number, number>(port1, { parse: parseNumber, onMessage: () => undefined })
  port.close()
  expect(port.open).toBe(false)
  port.send(1)
  port2.close()
})
