import { run } from './channel-end.ts'
import type { Task } from './channel-end.ts'
import type { Received } from '../../transfer/pages/bytes.ts'

/** Where the channel of a page lives: on its main thread, or in a dedicated worker that it was transferred to. */
export type Thread = 'main' | 'worker'

/** One end of a transfer, with its channel on the thread that is asked for. */
export class ThreadPage {
  readonly #connection = new RTCPeerConnection()
  #done: Promise<Received> | undefined
  #begin: (() => void) | undefined
  #pieces = 0

  async offer(thread: Thread, task: Task): Promise<string> {
    // A channel may be transferred only in the task in which it came to be.
    this.#take(this.#connection.createDataChannel('transfer', { ordered: true }), thread, task)
    await this.#connection.setLocalDescription(await this.#connection.createOffer())
    return this.#gathered()
  }

  async answer(offer: string, thread: Thread, task: Task): Promise<string> {
    this.#connection.addEventListener('datachannel', ({ channel }) => {
      this.#take(channel, thread, task)
    })
    await this.#connection.setRemoteDescription({ type: 'offer', sdp: offer })
    await this.#connection.setLocalDescription(await this.#connection.createAnswer())
    return this.#gathered()
  }

  async accept(answer: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: answer })
    while (this.#connection.connectionState !== 'connected') {
      await new Promise((resolve) => {
        this.#connection.addEventListener('connectionstatechange', resolve, { once: true })
      })
    }
  }

  /** Resolves when this end has done its part. Who receives begins now. */
  async transferred(): Promise<Received> {
    while (this.#done === undefined) await new Promise((resolve) => setTimeout(resolve, 10))
    this.#begin?.()
    return this.#done
  }

  /** Pieces that a frame handed to this page. */
  handed(): number {
    return this.#pieces
  }

  /** Puts the same page, from another site, into a frame of this one, which hands it all pieces. */
  async frame(url: string): Promise<void> {
    globalThis.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) this.#pieces += 1
    })
    const frame = document.createElement('iframe')
    frame.src = url
    await new Promise((resolve) => {
      frame.addEventListener('load', resolve)
      document.body.append(frame)
    })
  }

  #take(channel: RTCDataChannel, thread: Thread, task: Task): void {
    const started = Promise.withResolvers<undefined>()
    this.#begin = () => {
      started.resolve(undefined)
    }
    if (task.kind === 'serve') this.#begin()
    if (thread === 'main') {
      this.#done = started.promise.then(() => run(channel, task, handToParent))
      return
    }
    const worker = new Worker('/channel-worker.js', { type: 'module' })
    this.#done = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<{ received?: Received; error?: string }>) => {
        if (data.received === undefined) reject(new Error(data.error))
        else resolve(data.received)
      }
      worker.onerror = ({ message }) => {
        reject(new Error(message))
      }
    })
    const { port1, port2 } = new MessageChannel()
    // Transferable by the WebRTC specification, which TypeScript's types don't know.
    worker.postMessage({ channel, begin: port2, task }, [channel, port2])
    void started.promise.then(() => {
      port1.postMessage('begin')
    })
  }

  async #gathered(): Promise<string> {
    const connection = this.#connection
    while (connection.iceGatheringState !== 'complete') {
      await new Promise((resolve) => {
        connection.addEventListener('icegatheringstatechange', resolve, { once: true })
      })
    }
    return connection.localDescription?.sdp ?? ''
  }
}

function handToParent(piece: ArrayBuffer): void {
  if (parent !== window) parent.postMessage(piece, '*', [piece])
}

Object.assign(globalThis, { bench: new ThreadPage() })
