import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { AlertMessage } from './alerts.ts'

/** A webhook answers by then, or is asked again. */
const ANSWER_MS = 10_000

/** Tries in all: what watches a relay may itself be restarted. */
const TRIES = 4

/** Wait before the second try, doubled each time. */
const RETRY_MS = 2_000

/** Messages under way at once: a webhook that hangs must not gather them without end. */
const MAX_WAITING = 64

/** Tells a URL of alerts, by POST of JSON. */
export class Webhook {
  readonly #log: Logger
  readonly #url: string
  readonly #controller = new AbortController()
  readonly #retryMs: number
  #waiting = 0

  /** @param init - `url`: empty for none, alerts are then only in the log; `retryMs`: wait before the second try */
  constructor(components: { log: Logger }, init: { url: string; retryMs?: number }) {
    this.#log = components.log
    this.#url = init.url
    this.#retryMs = init.retryMs ?? RETRY_MS
  }

  /** Logs the message, and sends it in the background. */
  tell(message: AlertMessage): void {
    this.#log.warn({ alert: message.alert, state: message.state, value: message.value }, message.text)
    if (this.#url === '') return
    if (this.#waiting >= MAX_WAITING) {
      this.#log.error('the webhook does not answer: alerts are not sent any more until it does')
      return
    }
    this.#waiting += 1
    void this.#send(message).finally(() => {
      this.#waiting -= 1
    })
  }

  /** Gives up what is under way. */
  stop(): void {
    this.#controller.abort()
  }

  async #send(message: AlertMessage): Promise<void> {
    const { signal } = this.#controller
    for (let tries = 1; ; tries += 1) {
      try {
        const response = await fetch(this.#url, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(message),
          redirect: 'error',
          signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
        })
        await response.body?.cancel()
        if (!response.ok) throw new Error(`it answered with ${String(response.status)}`)
        return
      } catch (error) {
        if (signal.aborted) return
        if (tries === TRIES) {
          this.#log.error({ err: error, alert: message.alert }, 'an alert could not be sent to the webhook')
          return
        }
        await sleep(this.#retryMs * 2 ** (tries - 1), undefined, { signal }).catch(() => undefined)
      }
    }
  }
}
