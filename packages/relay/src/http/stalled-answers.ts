import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** A look at all answers comes so often within the time after which one counts as stalled. */
const LOOKS = 4

/** What was seen of an answer at the last look. */
interface Progress {
  readonly socket: Socket
  taken: number
  /** Looks since something was taken. */
  idle: number
}

/**
 * Ends answers whose reader takes nothing. Node bounds the time of a request,
 * not that of an answer (`requestTimeout`, `headersTimeout`), and its
 * `timeout` counts what is sent *to* us as life: one byte a minute would do.
 *
 * An answer that has nothing to be taken, because it is still being made,
 * is not stalled. Time is counted in looks, so that a clock that jumps ends nothing.
 */
export class StalledAnswers {
  readonly #timeoutMs: number
  readonly #onStalled: (response: ServerResponse) => void
  readonly #answers = new Map<ServerResponse, Progress>()
  #timer: NodeJS.Timeout | undefined

  /**
   * @param timeoutMs - an answer ends when nothing was taken of it for so long, at the next look
   * @param onStalled - told before the connection is destroyed
   */
  constructor(timeoutMs: number, onStalled: (response: ServerResponse) => void) {
    this.#timeoutMs = timeoutMs
    this.#onStalled = onStalled
  }

  /** Watches an answer until it closes. */
  watch(response: ServerResponse, socket: Socket): void {
    this.#answers.set(response, { socket, taken: takenOf(socket), idle: 0 })
    this.#timer ??= setInterval(this.#look, this.#timeoutMs / LOOKS).unref()
    response.once('close', () => {
      this.#answers.delete(response)
      if (this.#answers.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    })
  }

  readonly #look = (): void => {
    for (const [response, progress] of this.#answers) {
      const { socket } = progress
      const taken = takenOf(socket)
      const moves = taken !== progress.taken || socket.writableLength === 0
      progress.taken = taken
      progress.idle = moves ? 0 : progress.idle + 1
      if (progress.idle < LOOKS) continue
      this.#onStalled(response)
      // All of the connection: what was asked after this, on the same one, waits for it.
      socket.destroy()
    }
  }
}

/** Bytes that the system has taken from us for the other side. `bytesWritten` counts what still waits here, too. */
function takenOf(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength
}
