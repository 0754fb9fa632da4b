import type { LaterMessage, PageToWorker } from '@blackhole/protocol'
import type { BlockProvider } from '../peer/block-provider.ts'

/**
 * Gets blocks for the worker that nobody waits for yet, and tells it who holds them: as soon as the page knows and may
 * get them, and again when it changes, until all are here or it is cancelled.
 */
export class LaterRequest {
  readonly #provider: BlockProvider
  readonly #request: LaterMessage
  readonly #send: (message: PageToWorker) => void
  readonly #controller = new AbortController()
  readonly #over = Promise.withResolvers<undefined>()
  #hasBegun = false
  #said = ''

  constructor(provider: BlockProvider, request: LaterMessage, send: (message: PageToWorker) => void) {
    this.#provider = provider
    this.#request = request
    this.#send = send
  }

  /** Resolves when it is over. Never rejects. */
  async run(): Promise<void> {
    this.#provider.addEventListener('holders', this.#onNews)
    this.#onNews()
    try {
      await this.#over.promise
    } finally {
      this.#provider.removeEventListener('holders', this.#onNews)
    }
  }

  /** They are not wanted any more. */
  cancel(): void {
    this.#controller.abort()
    this.#over.resolve(undefined)
  }

  readonly #onNews = (): void => {
    if (!this.#hasBegun) {
      const got = this.#provider.prefetch(this.#request.cids, { signal: this.#controller.signal })
      // Nothing is said before that: it would look as if nobody held them.
      if (got === undefined) return
      this.#hasBegun = true
      got
        .then(this.#tell)
        // Cancelled, or the page no longer hosts: whoever reads it asks again.
        .catch(() => undefined)
        .finally(() => {
          this.#over.resolve(undefined)
        })
    }
    this.#tell()
  }

  readonly #tell = (): void => {
    const { id, cids } = this.#request
    const [available, coming, here] = [
      this.#provider.available(cids),
      this.#provider.coming(cids),
      this.#provider.here(cids),
    ]
    const said = [...available, ...coming, ...here].join()
    if (said === this.#said || this.#controller.signal.aborted) return
    this.#said = said
    this.#send({ type: 'head', id, available, coming, here })
  }
}
