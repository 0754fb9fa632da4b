import type { Stream } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { joinSends } from './webrtc-joined-sends.ts'

/** A stream over a channel that notes what it is told to send. */
function setup() {
  const sent: number[][] = []
  const channel = {
    readyState: 'open',
    send: (data: Uint8Array<ArrayBuffer> | ArrayBuffer) => {
      sent.push([...new Uint8Array(data)])
    },
  }
  joinSends({ channel } as unknown as Stream)
  return { channel, sent }
}

it('sends a length and what follows it as one message', () => {
  const { channel, sent } = setup()
  channel.send(new Uint8Array([4]))
  channel.send(new Uint8Array([1, 2, 3, 4]))
  channel.send(new Uint8Array([0x85, 0x01]))
  channel.send(new Uint8Array([9, 9, 9, 9, 9]).buffer)
  expect(sent).toEqual([
    [4, 1, 2, 3, 4],
    [0x85, 0x01, 9, 9, 9, 9, 9],
  ])
})

it('joins a short message to its length', () => {
  const { channel, sent } = setup()
  for (const part of [[2], [8, 0], [5], [1, 2, 3, 4, 5]]) channel.send(new Uint8Array(part))
  expect(sent).toEqual([
    [2, 8, 0],
    [5, 1, 2, 3, 4, 5],
  ])
})

it('keeps nothing back that nothing follows', async () => {
  const { channel, sent } = setup()
  const bytes = new Uint8Array([7])
  channel.send(bytes)
  bytes[0] = 0
  await Promise.resolve()
  expect(sent).toEqual([[7]])
  channel.send(new Uint8Array([1, 2, 3, 4]))
  expect(sent).toEqual([[7], [1, 2, 3, 4]])
})

it('leaves other streams alone', () => {
  const stream = { send: () => true } as unknown as Stream
  const before = stream.send
  joinSends(stream)
  expect(stream.send).toBe(before)
})
