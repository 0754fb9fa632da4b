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

let connection: RTCPeerConnection | undefined
let channel: RTCDataChannel | undefined

/** Both sides of a transfer over one ordered, reliable RTCDataChannel and nothing else. */
export const bench = {
  async offer(): Promise<string> {
    connection = new RTCPeerConnection()
    channel = connection.createDataChannel('transfer', { ordered: true })
    await connection.setLocalDescription(await connection.createOffer())
    return gathered(connection)
  },

  async answer(offer: string): Promise<string> {
    connection = new RTCPeerConnection()
    connection.addEventListener('datachannel', (event) => { channel = event.channel })
    await connection.setRemoteDescription({ type: 'offer', sdp: offer })
    await connection.setLocalDescription(await connection.createAnswer())
    return gathered(connection)
  },

  async accept(answer: string): Promise<void> {
    await connection?.setRemoteDescription({ type: 'answer', sdp: answer })
    await opened(requireChannel())
  },

  /** Sends a file of this size whenever the other side asks for it. */
  serve(size: number, settings: RawSettings): void {
    const bytes = randomBytes(size)
    const open = requireChannel()
    open.addEventListener('message', () => { void send(open, bytes, settings) })
  },

  async receive(size: number): Promise<Received> {
    const open = requireChannel()
    open.binaryType = 'arraybuffer'
    const file = new Uint8Array(size)
    const watch = new Stopwatch()
    return new Promise((resolve, reject) => {
      open.addEventListener('close', () => { reject(new Error('The channel closed')) })
      open.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
        file.set(new Uint8Array(data), watch.bytes)
        watch.arrived(data.byteLength)
        if (watch.bytes === size) resolve(watch.read())
      })
      open.send('go')
    })
  },
}

export type RawPage = typeof bench
Object.assign(globalThis, { bench })

async function send(to: RTCDataChannel, bytes: Uint8Array<ArrayBuffer>, settings: RawSettings): Promise<void> {
  to.bufferedAmountLowThreshold = settings.lowWaterBytes
  for (let at = 0; at < bytes.byteLength; at += settings.messageBytes) {
    if (to.bufferedAmount >= settings.highWaterBytes) {
      await new Promise((resolve) => { to.addEventListener('bufferedamountlow', resolve, { once: true }) })
    }
    to.send(bytes.subarray(at, at + settings.messageBytes))
  }
}

/** The description once all candidates are in it: on loopback that takes milliseconds and spares a second exchange. */
async function gathered(pc: RTCPeerConnection): Promise<string> {
  while (pc.iceGatheringState !== 'complete') {
    await new Promise((resolve) => { pc.addEventListener('icegatheringstatechange', resolve, { once: true }) })
  }
  return pc.localDescription?.sdp ?? ''
}

async function opened(open: RTCDataChannel): Promise<void> {
  if (open.readyState === 'connecting') {
    await new Promise((resolve) => { open.addEventListener('open', resolve, { once: true }) })
  }
}

function requireChannel(): RTCDataChannel {
  if (channel === undefined) throw new Error('There is no channel yet')
  return channel
}
