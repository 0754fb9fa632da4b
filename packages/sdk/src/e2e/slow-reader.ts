import { createHash } from 'node:crypto'
import type { Visitor } from '@blackhole/testkit'

const MIB = 1024 * 1024

/** What a page has read of a body so far. */
export interface Reading {
  readonly bytes: number
  /** SHA-256 of each whole MiB, and of the rest once the body has ended. */
  readonly digests: readonly string[]
  /** The longest wait for a chunk. */
  readonly longestGapMs: number
  readonly done: boolean
}

interface PageReader {
  readonly reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
  readonly controller: AbortController
  bytes: number
  digests: string[]
  /** Bytes of the MiB that is being filled. */
  part: Uint8Array<ArrayBuffer>
  filled: number
  longestGapMs: number
  done: boolean
}

interface ReaderWindow extends Window {
  reading?: PageReader
}

/** Begins to read a body in the page, which reads no further than {@link readOn} tells it to, and keeps none of it. */
export async function beginReading(visitor: Visitor, path: string): Promise<void> {
  await visitor.evaluate(
    async ({ path, size }) => {
      const controller = new AbortController()
      const response = await fetch(path, { cache: 'no-store', signal: controller.signal })
      if (response.status !== 200 || response.body === null) throw new Error(`${path}: ${String(response.status)}`)
      ;(window as ReaderWindow).reading = {
        reader: response.body.getReader(),
        controller,
        bytes: 0,
        digests: [],
        part: new Uint8Array(size),
        filled: 0,
        longestGapMs: 0,
        done: false,
      }
    },
    { path, size: MIB },
  )
}

/** Reads on until this many bytes of the body have been read, or it has ended. */
export async function readOn(visitor: Visitor, until = Number.MAX_SAFE_INTEGER): Promise<Reading> {
  return await visitor.evaluate(async (until: number) => {
    const state = (window as ReaderWindow).reading
    if (state === undefined) throw new Error('Nothing is being read')
    const digest = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
      state.digests.push(Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join(''))
    }
    while (!state.done && state.bytes < until) {
      const asked = performance.now()
      const { value, done } = await state.reader.read()
      state.longestGapMs = Math.max(state.longestGapMs, performance.now() - asked)
      if (done) {
        if (state.filled > 0) await digest(state.part.subarray(0, state.filled))
        state.done = true
        break
      }
      state.bytes += value.byteLength
      for (let at = 0; at < value.byteLength;) {
        const taken = Math.min(value.byteLength - at, state.part.byteLength - state.filled)
        state.part.set(value.subarray(at, at + taken), state.filled)
        state.filled += taken
        at += taken
        if (state.filled === state.part.byteLength) {
          await digest(state.part)
          state.filled = 0
        }
      }
    }
    const { bytes, digests, longestGapMs, done } = state
    return { bytes, digests, longestGapMs, done }
  }, until)
}

/** Ends the request as a page does that no longer wants it. */
export async function abortReading(visitor: Visitor): Promise<void> {
  await visitor.evaluate(() => {
    ;(window as ReaderWindow).reading?.controller.abort()
  })
}

/** What {@link readOn} should find for these bytes. */
export function digestsOf(bytes: Uint8Array): string[] {
  const digests: string[] = []
  for (let at = 0; at < bytes.byteLength; at += MIB) {
    digests.push(
      createHash('sha256')
        .update(bytes.subarray(at, at + MIB))
        .digest('hex'),
    )
  }
  return digests
}
