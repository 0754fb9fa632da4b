import type { Stream } from '@libp2p/interface'
import { Announce, CONTROL_TIMEOUT_MS, DeadlineError, LimitError } from '@blackhole/protocol'
import { MAX_WAITING_ANNOUNCES } from './limits.ts'
import { ControlReader } from './control-reader.ts'

/** Answers an announcement with the bytes of a message, its length before it. */
export type AnswerAnnounce = (announce: Announce) => Promise<Uint8Array>

/**
 * One visitor's tracker stream: announcements, each answered in its turn.
 *
 * Opening a stream costs several times as much as an announcement, so a visitor may keep one for all of its visit. It
 * costs memory only: after the first announcement there is no timer and no promise while nothing comes.
 */
export class AnnounceStream {
  readonly #stream: Stream
  readonly #answer: AnswerAnnounce
  readonly #reader = new ControlReader()
  #deadline: NodeJS.Timeout | undefined
  readonly #waiting: Announce[] = []
  #isAnswering = false
  #isLast = false

  constructor(stream: Stream, answer: AnswerAnnounce) {
    this.#stream = stream
    this.#answer = answer
    this.#limitTime()
    stream.addEventListener('message', ({ data }) => {
      this.#read(data.subarray())
    })
    stream.addEventListener('remoteCloseWrite', () => {
      this.#isLast = true
      if (!this.#isAnswering) this.#close()
    })
    stream.addEventListener('close', () => {
      clearTimeout(this.#deadline)
    })
  }

  #read(bytes: Uint8Array): void {
    try {
      const messages = this.#reader.read(bytes)
      if (this.#waiting.length + messages.length > MAX_WAITING_ANNOUNCES)
        throw new LimitError('announcements that wait for an answer', MAX_WAITING_ANNOUNCES, messages.length)
      for (const message of messages) this.#waiting.push(Announce.decode(message))
      if (messages.length > 0) this.#spendTime()
      if (this.#reader.isWithin) this.#limitTime()
      if (!this.#isAnswering && this.#waiting.length > 0) void this.#answerAll()
    } catch (error) {
      this.#abort(error)
    }
  }

  async #answerAll(): Promise<void> {
    this.#isAnswering = true
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const answer = await this.#answer(next)
        if (this.#stream.status !== 'open') return
        // Who reads no answers gets no more, and their announcements wait until they are too many.
        if (!this.#stream.send(answer)) await this.#stream.onDrain({ signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS) })
        // Who does not say that more follow is answered once, as it has always been.
        if (!next.keep) this.#isLast = true
      }
    } catch (error) {
      this.#abort(error)
    } finally {
      this.#isAnswering = false
    }
    if (this.#isLast) this.#close()
  }

  /** What was begun must be whole in time, or it would be kept for ever. */
  #limitTime(): void {
    this.#deadline ??= setTimeout(() => {
      this.#abort(new DeadlineError('An announcement', CONTROL_TIMEOUT_MS))
    }, CONTROL_TIMEOUT_MS)
  }

  #spendTime(): void {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
  }

  #close(): void {
    this.#stream.close({ signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS) }).catch((error: unknown) => {
      this.#abort(error)
    })
  }

  #abort(error: unknown): void {
    this.#stream.abort(error instanceof Error ? error : new Error(String(error)))
  }
}
