import { pEvent } from 'p-event'
import { describe, expect, it } from 'vitest'
import { mendInitChannel } from './webrtc-init-channel.ts'

/** A data channel whose state the test sets. */
class FakeChannel extends EventTarget {
  readyState = 'connecting'

  become(state: string, ...events: string[]): void {
    this.readyState = state
    for (const type of events) this.dispatchEvent(new Event(type))
  }

  close(): void {
    if (this.readyState === 'open') this.readyState = 'closing'
  }
}

/** A class as a browser has it: `createDataChannel` on the prototype. */
function fakeClass(): new () => { createDataChannel(label: string): FakeChannel } {
  return class {
    createDataChannel(_label: string): FakeChannel {
      return new FakeChannel()
    }
  }
}

function mendedChannel(label = 'init'): FakeChannel {
  const PeerConnection = fakeClass()
  mendInitChannel(PeerConnection)
  return new PeerConnection().createDataChannel(label)
}

/** What `initiate-connection.ts` of `@libp2p/webrtc` 6.0.33 does with its channel once the connection is up. */
async function finishDial(channel: FakeChannel): Promise<void> {
  const signal = AbortSignal.timeout(500)
  if (channel.readyState !== 'open') await pEvent(channel, 'open', { signal })
  channel.close()
  await pEvent(channel, 'close', { signal })
}

describe('mendInitChannel', () => {
  it('lets a dial go on whose channel was opened and closed before anyone listened', async () => {
    const channel = mendedChannel()
    channel.become('open', 'open')
    channel.become('closed', 'closing', 'close')
    await finishDial(channel)
  })

  it('lets a dial go on whose channel is closing: the real close event is still to come', async () => {
    const channel = mendedChannel()
    channel.become('open', 'open')
    channel.become('closing', 'closing')
    const dial = finishDial(channel)
    queueMicrotask(() =>
      queueMicrotask(() => {
        channel.become('closed', 'close')
      }),
    )
    await dial
  })

  it('lets a dial go on whose channel is closed without ever announcing that it was open', async () => {
    const channel = mendedChannel()
    const dial = finishDial(channel)
    channel.become('closed', 'close')
    await dial
  })

  it('shows the race that it mends: without it the dial hangs', async () => {
    const channel = new FakeChannel()
    channel.become('closed', 'closing', 'close')
    await expect(finishDial(channel)).rejects.toThrow()
  })

  it('leaves a channel that opens in time alone: each event is heard once', async () => {
    const channel = mendedChannel()
    const heard: string[] = []
    for (const type of ['open', 'close'])
      channel.addEventListener(type, () => {
        heard.push(type)
      })
    channel.become('open', 'open')
    channel.become('closed', 'close')
    await Promise.resolve()
    expect(heard).toEqual(['open', 'close'])
  })

  it('leaves channels of other labels alone', async () => {
    const channel = mendedChannel('')
    channel.become('closed', 'close')
    await expect(pEvent(channel, 'open', { signal: AbortSignal.timeout(20) })).rejects.toThrow()
  })

  it('mends a class once', () => {
    const PeerConnection = fakeClass()
    mendInitChannel(PeerConnection)
    const { createDataChannel } = PeerConnection.prototype as { createDataChannel: unknown }
    mendInitChannel(PeerConnection)
    expect((PeerConnection.prototype as { createDataChannel: unknown }).createDataChannel).toBe(createDataChannel)
  })
})
