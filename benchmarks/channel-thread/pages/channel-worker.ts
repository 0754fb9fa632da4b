import { run } from './channel-end.ts'
import type { Task } from './channel-end.ts'

interface Order {
  readonly channel: RTCDataChannel
  readonly begin: MessagePort
  readonly task: Task
}

// A dedicated worker that is given a channel, what to do with it, and when to begin.
globalThis.onmessage = async ({ data: { channel, begin, task } }: MessageEvent<Order>) => {
  await new Promise((resolve) => {
    begin.onmessage = resolve
  })
  try {
    postMessage({ received: await run(channel, task, () => undefined) })
  } catch (error) {
    postMessage({ error: String(error) })
  }
}
