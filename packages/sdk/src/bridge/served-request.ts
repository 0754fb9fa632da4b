import { CreditWindow, errorToWire } from '@blackhole/protocol'
import type { PageToWorker, RequestMessage } from '@blackhole/protocol'
import type { BlockProvider } from '../peer/block-provider.ts'

/**
 * Blocks of one request that are fetched at once. With the credit it bounds
 * what a request can make the page hold: this many blocks, waiting for credit.
 */
const CONCURRENT_BLOCKS = 8

/**
 * Answers one request of the worker: head (again when it changes, for one that waits), then a chunk for each block in the
 * order in which they arrive, as far as there is credit, then end; or an error
 * at the first block that can't be had. Blocks that were sent stay valid.
 */
export class ServedRequest {
  readonly #provider: BlockProvider
  readonly #request: RequestMessage
  readonly #send: (message: PageToWorker, transfer?: Transferable[]) => void
  readonly #credit: CreditWindow
  readonly #controller = new AbortController()
  readonly #blocks: Map<string, AbortController>
  #holders = ''

  constructor(
    provider: BlockProvider,
    request: RequestMessage,
    send: (message: PageToWorker, transfer?: Transferable[]) => void,
  ) {
    this.#provider = provider
    this.#request = request
    this.#send = send
    this.#credit = new CreditWindow(request.credit)
    this.#blocks = new Map(request.cids.map((cid) => [cid, new AbortController()]))
  }

  /** Resolves when the last message was sent. Never rejects. */
  async run(): Promise<void> {
    const { id } = this.#request
    const queue = [...this.#blocks.keys()]
    this.#tellHead()
    if (this.#request.patient === true) this.#provider.addEventListener('holders', this.#tellHead)
    const lane = async (): Promise<void> => {
      for (let cid = queue.shift(); cid !== undefined; cid = queue.shift()) await this.#serve(cid)
    }
    try {
      await Promise.all(Array.from({ length: CONCURRENT_BLOCKS }, lane))
      this.#send({ type: 'end', id })
    } catch (error) {
      if (!this.#controller.signal.aborted) this.#send({ type: 'error', id, error: errorToWire(error) })
    } finally {
      this.#provider.removeEventListener('holders', this.#tellHead)
      this.#controller.abort()
    }
  }

  readonly #tellHead = (): void => {
    const { id, cids } = this.#request
    const [available, coming] = [this.#provider.available(cids), this.#provider.coming(cids)]
    const holders = [...available, ...coming].join()
    if (holders === this.#holders) return
    this.#holders = holders
    this.#send({ type: 'head', id, available, coming, paces: this.#provider.paces(cids) })
  }

  /** The worker takes more. */
  grant(bytes: number): void {
    this.#credit.grant(bytes)
  }

  /** The worker no longer needs these blocks, or any. */
  cancel(cids?: readonly string[]): void {
    if (cids === undefined) this.#controller.abort()
    else for (const cid of cids) this.#blocks.get(cid)?.abort()
  }

  async #serve(cid: string): Promise<void> {
    const block = this.#blocks.get(cid)
    if (block === undefined) return
    const signal = AbortSignal.any([block.signal, this.#controller.signal])
    const { id, deadlineMs, patient } = this.#request
    try {
      signal.throwIfAborted()
      const { bytes, source } = await this.#provider.fetch(cid, { deadlineMs, patient, signal })
      await this.#credit.take(bytes.byteLength, { signal })
      // Copied before it is transferred: the store and other readers may hold the same bytes.
      const data = bytes.slice().buffer
      this.#send({ type: 'chunk', id, cid, source, data }, [data])
    } catch (error) {
      if (!block.signal.aborted) throw error
    }
  }
}
