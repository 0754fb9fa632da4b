import { Announce, AnnounceEvent } from '@blackhole/protocol'
import type { Stream } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { AnnounceStream } from './announce-stream.ts'
import { MAX_WAITING_ANNOUNCES } from './limits.ts'

/** A stream whose other end reads nothing. */
class UnreadStream extends EventTarget {
  status = 'open'
  sent = 0
  reason: Error | undefined

  send(): boolean {
    this.sent += 1
    return false
  }

  onDrain(): Promise<void> {
    return new Promise(() => undefined)
  }

  abort(reason: Error): void {
    this.status = 'aborted'
    this.reason = reason
  }
}

it('answers one who reads no answers once, and lets go of it when it goes on asking', async () => {
  const stream = new UnreadStream()
  const tracker = new AnnounceStream(stream as unknown as Stream, () => Promise.resolve(new Uint8Array(200)))
  expect(tracker).toBeDefined()
  const announce = Announce.encode({
    ...{ site: 'k51', token: 'token', event: AnnounceEvent.ANNOUNCE_UPDATE, root: new Uint8Array(0) },
    ...{ have: 0, total: 0, want: 0, keep: true },
  })
  const message = Uint8Array.of(announce.byteLength, ...announce)
  for (let at = 0; at <= MAX_WAITING_ANNOUNCES + 1; at++) {
    stream.dispatchEvent(Object.assign(new Event('message'), { data: message }))
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(stream.sent).toBe(1)
  expect(stream.reason?.message).toContain('announcements that wait for an answer')
})
