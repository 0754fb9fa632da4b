import { randomBytes, Stopwatch } from './bytes.ts'
import type { Received } from './bytes.ts'

/** How the sender fills the channel. */
export interface RawSettings {
  /** Bytes of one message. */
  readonly messageBytes: number
  /** Stop sending above this; Chromium closes a channel at 16 MiB. */
  readonly highWaterBytes: number
  /** Go on below this: early enough that the channel never runs dry. */
  readonly lowWaterBytes: number
}

/** Both sides of a transfer over one ordered, reliable RTCDataChannel and nothing else. */
export class RawPage {
  readonly #connection = new RTCPeerConnection()
  readonly #channel = Promise.withResolvers<RTCDataChannel>()

  async offer(): Promise<string> {
    const channel = this.#connection.createDataChannel('transfer', { ordered: true })
    channel.addEventListener('open', () => {
      this.#channel.resolve(channel)
    })
    await this.#connection.setLocalDescription(await this.#connection.createOffer())
    return gathered(this.#connection)
  }

  async answer(offer: string): Promise<string> {
    this.#connection.addEventListener('datachannel', ({ channel }) => {
      this.#channel.resolve(channel)
    })
    await this.#connection.setRemoteDescription({ type: 'offer', sdp: offer })
    await this.#connection.setLocalDescription(await this.#connection.createAnswer())
    return gathered(this.#connection)
  }

  async accept(answer: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: answer })
  }

  /** Resolves once the channel is open. */
  async opened(): Promise<void> {
    await this.#channel.promise
  }

  /** Sends a file of this size when the other side asks for it. */
  async serve(size: number, settings: RawSettings): Promise<void> {
    const bytes = randomBytes(size)
    const channel = await this.#channel.promise
    channel.addEventListener('message', () => void send(channel, bytes, settings))
  }

  /** Answers each message with this many bytes. */
  async serveEcho(size: number): Promise<void> {
    const bytes = randomBytes(size)
    const channel = await this.#channel.promise
    channel.addEventListener('message', () => {
      channel.send(bytes)
    })
  }

  /** Asks for an answer, one after the other, and says how many ms each took. */
  async echoes(times: number): Promise<number[]> {
    const channel = await this.#channel.promise
    const took: number[] = []
    for (let asked = 0; asked < times; asked++) {
      const start = performance.now()
      const { promise, resolve } = Promise.withResolvers<Event>()
      channel.addEventListener('message', resolve, { once: true })
      channel.send('go')
      await promise
      took.push(performance.now() - start)
    }
    return took
  }

  async receive(size: number): Promise<Received> {
    const channel = await this.#channel.promise
    channel.binaryType = 'arraybuffer'
    const file = new Uint8Array(size)
    const watch = new Stopwatch()
    return new Promise((resolve, reject) => {
      channel.addEventListener('close', () => {
        reject(new Error('The channel closed'))
      })
      channel.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
        file.set(new Uint8Array(data), watch.bytes)
        watch.arrived(data.byteLength)
        if (watch.bytes === size) resolve(watch.read())
      })
      channel.send('go')
    })
  }
}

Object.assign(globalThis, { bench: new RawPage() })

async function send(to: RTCDataChannel, bytes: Uint8Array<ArrayBuffer>, settings: RawSettings): Promise<void> {
  to.bufferedAmountLowThreshold = settings.lowWaterBytes
  for (let at = 0; at < bytes.byteLength; at += settings.messageBytes) {
    if (to.bufferedAmount >= settings.highWaterBytes) {
      await new Promise((resolve) => {
        to.addEventListener('bufferedamountlow', resolve, { once: true })
      })
    }
    to.send(bytes.subarray(at, at + settings.messageBytes))
  }
}

/** The description once all candidates are in it: on loopback that takes milliseconds and spares a second exchange. */
async function gathered(pc: RTCPeerConnection): Promise<string> {
  while (pc.iceGatheringState !== 'complete') {
    await new Promise((resolve) => {
      pc.addEventListener('icegatheringstatechange', resolve, { once: true })
    })
  }
  return pc.localDescription?.sdp ?? ''
}
