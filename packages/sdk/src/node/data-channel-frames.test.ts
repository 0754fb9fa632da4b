import type { Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import { MemoryPieceStore, Swarm, type FrameChannel } from '@blackhole/swarm'
import { RTCPeerConnection } from 'node-datachannel/polyfill'
import { Uint8ArrayList } from 'uint8arraylist'
import { afterEach, expect, it, vi } from 'vitest'
import { frameChannelOf } from './data-channel-frames.ts'

/** On a loaded machine a message may take its time. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000 })

const connections: RTCPeerConnection[] = []

const ignored = { onDrain: () => undefined, onFault: () => undefined }

afterEach(() => {
  for (const connection of connections.splice(0)) connection.close()
})

/** Two ends of a real data channel, and what libp2p would have read at the second. */
async function channels(): Promise<{ from: RTCDataChannel; to: RTCDataChannel; ofLibp2p: number[][] }> {
  const [one, two] = [new RTCPeerConnection(), new RTCPeerConnection()]
  connections.push(one, two)
  // A candidate that comes before the description of its end is refused.
  const described = Promise.withResolvers<undefined>()
  for (const [end, other] of [
    [one, two],
    [two, one],
  ] as const)
    end.onicecandidate = ({ candidate }) => {
      if (candidate !== null) void described.promise.then(() => other.addIceCandidate(candidate))
    }
  const from = one.createDataChannel('cdn')
  const opened = new Promise((resolve) => from.addEventListener('open', resolve, { once: true }))
  const arrived = new Promise<RTCDataChannel>((resolve) => {
    two.ondatachannel = ({ channel }) => resolve(channel)
  })
  await one.setLocalDescription(await one.createOffer())
  await two.setRemoteDescription(one.localDescription)
  await two.setLocalDescription(await two.createAnswer())
  await one.setRemoteDescription(two.localDescription)
  described.resolve(undefined)
  const to = await arrived
  await opened
  const ofLibp2p: number[][] = []
  for (const channel of [from, to]) channel.binaryType = 'arraybuffer'
  to.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => ofLibp2p.push([...new Uint8Array(data)])
  return { from, to, ofLibp2p }
}

function framesOn(channel: RTCDataChannel): FrameChannel {
  const frames = frameChannelOf({ channel } as unknown as Stream)
  if (frames === undefined) throw new Error('There is no channel for frames')
  return frames
}

it('carries bytes of any length in order, beside the messages of libp2p', async () => {
  const { from, to, ofLibp2p } = await channels()
  const sender = framesOn(from)
  const received: number[] = []
  framesOn(to).listen({ onFrames: (bytes) => received.push(...bytes), ...ignored })
  from.send(new Uint8Array([2, 0x08, 0]))
  const parts = [1, 100_000, 0, 66 * 1024, 3].map((length, index) => new Uint8Array(length).fill(index + 1))
  sender.send(new Uint8ArrayList(...parts))
  sender.send(new Uint8ArrayList(new Uint8Array([0, 0, 9])))
  from.send(new Uint8Array([3, 0x12, 1, 7]))
  await eventually(() => expect(ofLibp2p).toHaveLength(2))
  expect(ofLibp2p).toEqual([
    [2, 0x08, 0],
    [3, 0x12, 1, 7],
  ])
  expect(new Uint8Array(received)).toEqual(
    new Uint8Array(new Uint8ArrayList(...parts, new Uint8Array([0, 0, 9])).slice()),
  )
})

it('copies what it is told to send', async () => {
  const { from, to } = await channels()
  const received: number[] = []
  framesOn(to).listen({ onFrames: (bytes) => received.push(...bytes), ...ignored })
  const bytes = new Uint8Array([1, 2, 3])
  const sender = framesOn(from)
  sender.send(new Uint8ArrayList(bytes))
  bytes.fill(9)
  sender.send(new Uint8ArrayList(bytes))
  await eventually(() => expect(received).toEqual([1, 2, 3, 9, 9, 9]))
})

it('asks to wait while what it was given has not left, and tells when it takes more', async () => {
  const { from, to } = await channels()
  let received = 0
  const onDrain = vi.fn()
  const sender = framesOn(from)
  sender.listen({ ...ignored, onFrames: () => undefined, onDrain })
  framesOn(to).listen({ onFrames: (bytes) => (received += bytes.byteLength), ...ignored })
  let sent = 0
  while (!sender.needsDrain) {
    sender.send(new Uint8ArrayList(new Uint8Array(256 * 1024)))
    sent += 256 * 1024
  }
  await eventually(() => expect(onDrain).toHaveBeenCalled())
  expect(sender.needsDrain).toBe(false)
  await eventually(() => expect(received).toBe(sent))
})

it('lets as much wait as the channel carries in a moment: a slow one little, a fast one a megabyte', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    /** What may wait in a channel of this rate after half a minute of use, and what was left when it asked for more. */
    const use = (bytesPerMs: number): { high: number; low: number } => {
      const listeners: (() => void)[] = []
      const channel = {
        ...{ readyState: 'open', bufferedAmount: 0, bufferedAmountLowThreshold: 0, onmessage: null },
        send: ({ byteLength }: Uint8Array) => (channel.bufferedAmount += byteLength),
        addEventListener: (_: string, listener: () => void) => listeners.push(listener),
      }
      const frames = frameChannelOf({ channel } as unknown as Stream)
      if (frames === undefined) throw new Error('There is no channel for frames')
      let [high, low] = [0, 0]
      const fill = (): void => {
        low = channel.bufferedAmount
        while (!frames.needsDrain) frames.send(new Uint8ArrayList(new Uint8Array(16 * 1024)))
        high = channel.bufferedAmount
        expect(channel.bufferedAmountLowThreshold).toBeLessThan(high)
        expect(frames.roomBytes).toBe(0)
      }
      frames.listen({ ...ignored, onFrames: () => undefined, onDrain: fill })
      fill()
      for (let ms = 0; ms < 30_000; ms += 5) {
        vi.advanceTimersByTime(5)
        const wasAbove = channel.bufferedAmount > channel.bufferedAmountLowThreshold
        channel.bufferedAmount = Math.max(0, channel.bufferedAmount - 5 * bytesPerMs)
        if (wasAbove && channel.bufferedAmount <= channel.bufferedAmountLowThreshold)
          for (const each of listeners) each()
      }
      // It never ran dry, nor was a drain lost.
      expect(channel.bufferedAmount).toBeGreaterThan(0)
      // After a pause it takes as much as before.
      const before = high
      channel.bufferedAmount = 0
      vi.advanceTimersByTime(10_000)
      fill()
      expect(Math.abs(high - before)).toBeLessThan(32 * 1024)
      return { high, low }
    }
    expect(use(20).high).toBeLessThan(96 * 1024)
    expect(use(400).high).toBeGreaterThan(120 * 1024)
    expect(use(400).high).toBeLessThan(200 * 1024)
    expect(use(20_000).high).toBeGreaterThan(1024 * 1024 - 1)
  } finally {
    vi.useRealTimers()
  }
})

it('ends the stream of a peer that sends a text, which would be read as so many zero bytes', async () => {
  const { from, to, ofLibp2p } = await channels()
  const swarm = new Swarm(
    {
      store: new MemoryPieceStore(),
      now: Date.now,
      random: Math.random,
      verifyToken: () => Promise.resolve(),
      token: () => Promise.resolve('token'),
    },
    { site: 'site' },
  )
  swarm.start()
  const [theirs, ours] = await streamPair()
  const closed = new Promise((resolve) => theirs.addEventListener('close', resolve, { once: true }))
  const joined = swarm.addStream({ peer: 'liar', stream: ours, frameChannel: framesOn(to) })
  from.send('100000000')
  await expect(joined).rejects.toThrow(/message of a data channel/)
  await closed
  expect(ofLibp2p).toEqual([])
  await swarm.stop()
})

it('takes what no peer sends for a fault, and goes no further with it', async () => {
  const { to, ofLibp2p } = await channels()
  const [onFrames, onFault] = [vi.fn(), vi.fn<(error: Error) => void>()]
  framesOn(to).listen({ ...ignored, onFrames, onFault })
  const says = (data: unknown): void => void to.onmessage?.(new MessageEvent('message', { data }))
  for (const data of ['2000000000', new Blob(['bytes']), null, new ArrayBuffer(256 * 1024 + 1)]) says(data)
  expect(onFault.mock.calls.map(([error]) => error.name)).toEqual([
    'ValidationError',
    'ValidationError',
    'ValidationError',
    'LimitError',
  ])
  expect(onFrames).not.toHaveBeenCalled()
  expect(ofLibp2p).toEqual([])
  says(new ArrayBuffer(256 * 1024))
  expect(onFrames.mock.lastCall?.[0]).toHaveLength(256 * 1024 - 1)
  expect(onFault).toHaveBeenCalledTimes(4)
})

it('is not there for streams over anything else', () => {
  expect(frameChannelOf({ send: () => true } as unknown as Stream)).toBeUndefined()
})
