import { createLibp2p } from 'libp2p'
import { randomBytes, Stopwatch } from './bytes.ts'
import { browserNode, dialWebRtc, listenAt } from './node.ts'
import type { Connection, Stream } from '@libp2p/interface'
import type { Received } from './bytes.ts'

const PROTOCOL = '/bench/transfer/1.0.0'

/** A transfer over a bare libp2p stream: what js-libp2p itself costs, without any protocol of ours. */
export class Libp2pPage {
  #connection: Connection | undefined

  async serve(relay: string, size: number): Promise<string> {
    const bytes = randomBytes(size)
    const node = await createLibp2p(browserNode())
    await node.handle(PROTOCOL, (stream) => void send(stream, bytes))
    return listenAt(node, relay)
  }

  async connect(relay: string, address: string): Promise<void> {
    const node = await createLibp2p(browserNode())
    await listenAt(node, relay)
    this.#connection = await dialWebRtc(node, address)
  }

  async receive(size: number): Promise<Received> {
    if (this.#connection === undefined) throw new Error('There is no connection yet')
    const file = new Uint8Array(size)
    const watch = new Stopwatch()
    const stream = await this.#connection.newStream(PROTOCOL)
    return new Promise((resolve, reject) => {
      stream.addEventListener('close', ({ error }) => {
        reject(error ?? new Error('The stream closed'))
      })
      stream.addEventListener('message', ({ data }) => {
        for (const part of data instanceof Uint8Array ? [data] : data) {
          file.set(part, watch.bytes)
          watch.arrived(part.byteLength)
        }
        if (watch.bytes === size) resolve(watch.read())
      })
      stream.send(new Uint8Array([1]))
    })
  }
}

Object.assign(globalThis, { bench: new Libp2pPage() })

async function send(stream: Stream, bytes: Uint8Array): Promise<void> {
  await new Promise((resolve) => {
    stream.addEventListener('message', resolve, { once: true })
  })
  for (let at = 0; at < bytes.byteLength; at += 65_536) {
    if (!stream.send(bytes.subarray(at, at + 65_536))) await stream.onDrain()
  }
}
