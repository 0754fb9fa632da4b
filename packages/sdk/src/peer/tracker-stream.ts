import type { Stream } from '@libp2p/interface'
import { Announce, AnnounceReply, CONTROL_TIMEOUT_MS, DeadlineError, TRACKER_PROTOCOL } from '@blackhole/protocol'
import { boundedMessages, type AskOptions, type StreamOpener } from './control-stream.ts'
import { readAnswer, type Announcement, type TrackerAnswer } from './tracker-client.ts'

/** A stream that the relay said it keeps, and what it was told on it. */
interface Kept {
  readonly stream: Stream
  readonly messages: ReturnType<typeof boundedMessages>
  readonly site: string
  readonly token: string
}

/**
 * Announces again and again at one relay, on one stream where the relay keeps it: opening a stream and checking a token
 * cost both sides more than all else of an announcement. Where it does not, each announcement has a stream of its own.
 */
export class TrackerStream {
  readonly #connection: StreamOpener
  #kept: Kept | undefined

  /** @param connection - to the relay */
  constructor(connection: StreamOpener) {
    this.#connection = connection
  }

  /** The relay waits for the next announcement on an open stream. */
  get isKept(): boolean {
    return this.#kept !== undefined
  }

  /**
   * Announces, and reads who else is in the swarm. One call at a time.
   *
   * @throws {BlackholeError} what the relay refused with
   * @throws {DeadlineError} when that takes too long
   */
  async announce(
    message: Announcement,
    { signal, timeoutMs = CONTROL_TIMEOUT_MS }: AskOptions = {},
  ): Promise<TrackerAnswer> {
    const deadline = AbortSignal.timeout(timeoutMs)
    const both = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    try {
      return readAnswer(await this.#ask(message, both))
    } catch (cause) {
      signal?.throwIfAborted()
      throw deadline.aborted ? new DeadlineError('The answer of the tracker', timeoutMs, { cause }) : cause
    }
  }

  /** Ends the stream. */
  close(): void {
    const stream = this.#kept?.stream
    this.#kept = undefined
    stream?.close().catch((error: unknown) => {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    })
  }

  async #ask(message: Announcement, signal: AbortSignal): Promise<AnnounceReply> {
    const kept = this.#kept
    if (kept?.stream.status === 'open') {
      try {
        const isSame = kept.site === message.site && kept.token === message.token
        return await this.#exchange(kept, message, isSame, signal)
      } catch (error) {
        if (signal.aborted) throw error
        // The relay ended the stream since: it may have its reasons, and takes another.
      }
    }
    const stream = await this.#connection.newStream(TRACKER_PROTOCOL, { signal })
    const { site, token } = message
    return await this.#exchange({ stream, messages: boundedMessages(stream), site, token }, message, false, signal)
  }

  async #exchange(kept: Kept, message: Announcement, isSame: boolean, signal: AbortSignal): Promise<AnnounceReply> {
    const { stream, messages } = kept
    const { site, token } = message
    this.#kept = undefined
    try {
      await messages.write({ ...message, ...(isSame ? { site: '', token: '' } : {}), keep: true }, Announce, { signal })
      const reply = await messages.read(AnnounceReply, { signal })
      // A refused token is not one that the relay remembers.
      if (reply.kept && reply.error === '') this.#kept = { ...kept, site, token }
      else await stream.close({ signal })
      return reply
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }
}
