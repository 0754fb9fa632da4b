import type { LaterMessage, PageToWorker } from '@blackhole/protocol'
import type { BlockProvider } from '../peer/block-provider.ts'

/**
 * Gets blocks for the worker that nobody waits for yet, and tells it who holds them: at once, and again when it changes,
 * until all are here or it is cancelled.
 */
export class LaterRequest {
  readonly #provider: BlockProvider
  readonly #request: LaterMessage
  readonly #send: (message: PageToWorker) => void
  readonly #controller = new AbortController()
  #said = ''

  constructor(provider: BlockProvider, request: LaterMessage, send: (message: PageToWorker) => void) {
    this.#provider = provider
    this.#request = request
    this.#send = send
  }

  /** Resolves when it is over. Never rejects. */
  async run(): Promise<void> {
    const got = this.#provider.prefetch(this.#request.cids, { signal: this.#controller.signal })
    if (got === undefined) return
    this.#provider.addEventListener('holders', this.#tell)
    this.#tell()
    try {
      await got
      this.#tell()
    } catch {
      // Cancelled, or the page no longer hosts: whoever reads it asks again.
    } finally {
      this.#provider.removeEventListener('holders', this.#tell)
    }
  }

  /** They are not wanted any more. */
  cancel(): void {
    this.#controller.abort()
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
