import { getHeapStatistics } from 'node:v8'
import { isOurError } from './our-error.ts'
import { BrokenPromise, MAX_ALLOCATED_BYTES, MAX_ALLOCATED_PER_BYTE, MAX_MS } from './target.ts'
import type { Target } from './target.ts'

/** Longest message of an error: one must not become a way to fill a log. */
const MAX_MESSAGE = 4_000

/** What came of an input: a word for it, and the promise that it broke, if any. */
export interface Examined {
  /** The same for inputs that are treated alike. */
  readonly outcome: string
  /** What is wrong. */
  readonly fault?: string
}

/** Decodes an input and checks what every decoder promises: errors of ours alone, within time and memory. */
export async function examine(target: Target, input: Uint8Array): Promise<Examined> {
  const first = await measured(target, input)
  if (first.fault !== undefined) return first
  const { maxAllocatedBytes = MAX_ALLOCATED_BYTES } = target
  const maxBytes = maxAllocatedBytes + MAX_ALLOCATED_PER_BYTE * input.byteLength
  if (first.ms <= MAX_MS && first.bytes <= maxBytes) return first
  // The machine may have done something else, or collected garbage: what is so three times is the decoder's doing.
  const again = [await measured(target, input), await measured(target, input), await measured(target, input)]
  const ms = Math.min(...again.map((one) => one.ms))
  const bytes = Math.min(...again.map((one) => one.bytes))
  if (ms > MAX_MS) return { outcome: 'slow', fault: `takes ${ms.toFixed(0)} ms for ${String(input.byteLength)} bytes` }
  if (bytes > maxBytes)
    return { outcome: 'large', fault: `allocates ${String(bytes)} bytes for ${String(input.byteLength)}` }
  return first
}

interface Measured extends Examined {
  readonly ms: number
  readonly bytes: number
}

async function measured(target: Target, input: Uint8Array): Promise<Measured> {
  // A decoder may keep or change what it is given.
  const copy = input.slice()
  const bytesBefore = allocated()
  // Not time on the clock, which a busy machine spends on others.
  const before = process.threadCpuUsage()
  const examined = await attempt(target, copy)
  const { user, system } = process.threadCpuUsage(before)
  return { ...examined, ms: (user + system) / 1_000, bytes: allocated() - bytesBefore }
}

async function attempt(target: Target, input: Uint8Array): Promise<Examined> {
  try {
    return { outcome: await target.decode(input) }
  } catch (error) {
    if (!(error instanceof Error)) return { outcome: 'thrown', fault: `throws ${String(error)}, which is no error` }
    if (error instanceof BrokenPromise) return { outcome: 'broken', fault: error.message }
    const outcome = `${error.name}: ${shapeOf(error.message)}`
    if (!isOurError(error) && target.allows?.(error) !== true)
      return { outcome, fault: `throws ${error.name}: ${(error.stack ?? error.message).slice(0, 1_000)}` }
    if (error.message.length > MAX_MESSAGE)
      return { outcome, fault: `throws an error with a message of ${String(error.message.length)} characters` }
    return { outcome }
  }
}

/** Bytes that this isolate uses, garbage included: what grows between two looks was allocated between them. */
function allocated(): number {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}

/** A message without what is different each time. */
function shapeOf(message: string): string {
  return message
    .replace(/"(?:[^"\\]|\\.)*"?|\[.*\]|got .*/gs, '…')
    .replace(/\d+/g, '0')
    .slice(0, 80)
}
