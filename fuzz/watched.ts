import { Worker } from 'node:worker_threads'
import { keepInput } from './harness/corpus.ts'
import { MAX_INPUT_BYTES } from './harness/target.ts'

/** What a worker is to do. */
export interface WorkerOrder {
  readonly target: string
  readonly seed: number
  readonly seconds: number
  readonly keep: boolean
  /** Three numbers: inputs so far, length of the present one, whether a fault is being made smaller. */
  readonly clock: SharedArrayBuffer
  /** The present input, for the case that it never ends. */
  readonly input: SharedArrayBuffer
}

/** What became of it. */
export interface WorkerReport {
  readonly inputs: number
  readonly outcomes: number
  readonly faults: readonly { readonly fault: string; readonly file: string | undefined }[]
}

/** An input that takes as long never ends, whatever else the machine does. */
const HANG_MS = 20_000

/** A decoder that fills as much memory with one input has no bound. */
const MAX_HEAP_MIB = 512

/**
 * Fuzzes a decoder in a thread of its own. One that never ends, or eats up the memory, is stopped, and its input kept.
 *
 * @throws Error when the fuzzer itself fails
 */
export async function fuzzWatched(order: Omit<WorkerOrder, 'clock' | 'input'>): Promise<WorkerReport> {
  const clock = new SharedArrayBuffer(12)
  const input = new SharedArrayBuffer(MAX_INPUT_BYTES)
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { ...order, clock, input } satisfies WorkerOrder,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  })
  const view = new Int32Array(clock)
  const stopped = (fault: string): WorkerReport => {
    const bytes = new Uint8Array(input).slice(0, Atomics.load(view, 1))
    const file = keepInput(order.target, 'fault', bytes)
    return { inputs: Atomics.load(view, 0), outcomes: 0, faults: [{ fault, file }] }
  }
  const { promise, resolve, reject } = Promise.withResolvers<WorkerReport>()
  let seen = -1
  let since = Date.now()
  const timer = setInterval(() => {
    const now = Atomics.load(view, 0)
    if (now !== seen || Atomics.load(view, 2) === 1) {
      seen = now
      since = Date.now()
    } else if (now > 0 && Date.now() - since > HANG_MS) {
      resolve(stopped(`does not end within ${String(HANG_MS / 1000)} s`))
    }
  }, 1_000)
  worker.once('message', resolve)
  worker.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(stopped(`takes more than ${String(MAX_HEAP_MIB)} MiB`))
    else reject(error)
  })
  try {
    return await promise
  } finally {
    clearInterval(timer)
    await worker.terminate()
  }
}
