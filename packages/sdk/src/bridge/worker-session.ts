import {
  CHANNEL_VERSION,
  ChannelPort,
  LimitError,
  MAX_CHANNEL_REQUESTS,
  errorToWire,
  parseWorkerMessage,
} from '@blackhole/protocol'
import type { LaterMessage, PageToWorker, ReceivedBytes, WorkerToPage } from '@blackhole/protocol'
import type { BlockProvider } from '../peer/block-provider.ts'
import { LaterRequest } from './later-request.ts'
import { ServedRequest } from './served-request.ts'

/** What a {@link WorkerSession} tells its owner. */
export interface WorkerSessionEvents {
  /** The worker said hello and speaks our version. */
  onHello: () => void
  /** The worker said hello and speaks another version. The session is over. */
  onVersionMismatch: (theirs: number) => void
  onCounters: (received: ReceivedBytes) => void
  onBusy: (busy: boolean) => void
  /** The port is closed. */
  onClose: () => void
}

/** The page's end of one port to the worker. */
export class WorkerSession {
  readonly #provider: BlockProvider
  readonly #events: WorkerSessionEvents
  readonly #port: ChannelPort<WorkerToPage, PageToWorker>
  readonly #requests = new Map<number, ServedRequest>()
  readonly #later = new Map<number, LaterRequest>()
  #greeted = false

  constructor(port: MessagePort, provider: BlockProvider, events: WorkerSessionEvents) {
    this.#provider = provider
    this.#events = events
    this.#port = new ChannelPort<WorkerToPage, PageToWorker>(port, {
      parse: parseWorkerMessage,
      onMessage: (message) => {
        this.#onMessage(message)
      },
      onClose: () => {
        this.#end()
      },
    })
    const [role, peers] = [provider.role(), provider.peers()]
    this.#port.send({ type: 'hello', version: CHANNEL_VERSION, role, peers, ahead: true, later: true })
  }

  /** Whether the worker said hello in our version. */
  get greeted(): boolean {
    return this.#greeted
  }

  /** Sends a message that is no answer: state, record, loaded. */
  send(message: PageToWorker, transfer?: Transferable[]): void {
    this.#port.send(message, transfer)
  }

  /** Closes the port and aborts whatever is being served. */
  close(): void {
    this.#port.close()
    for (const request of this.#requests.values()) request.cancel()
    this.#requests.clear()
    for (const request of this.#later.values()) request.cancel()
    this.#later.clear()
  }

  #end(): void {
    this.close()
    this.#events.onClose()
  }

  #onMessage(message: WorkerToPage): void {
    if (message.type === 'hello') {
      if (message.version === CHANNEL_VERSION) {
        this.#greeted = true
        this.#events.onHello()
      } else {
        this.#events.onVersionMismatch(message.version)
        this.#end()
      }
      return
    }
    // The two ends greet each other first: what came before can't be trusted to mean what it says.
    if (!this.#greeted) return
    switch (message.type) {
      case 'request':
        this.#serve(message)
        break
      case 'credit':
        this.#requests.get(message.id)?.grant(message.bytes)
        break
      case 'cancel':
        this.#requests.get(message.id)?.cancel(message.cids)
        this.#later.get(message.id)?.cancel()
        break
      case 'stored':
        this.#provider.stored(message.cids)
        break
      case 'ahead':
        this.#provider.ahead(message.stream, message.pieces)
        break
      case 'later':
        this.#getLater(message)
        break
      case 'fetching':
        this.#provider.fetching(message.cids, message.over)
        break
      case 'counters':
        this.#events.onCounters(message.received)
        break
      case 'busy':
        this.#events.onBusy(message.busy)
        break
    }
  }

  #getLater(message: LaterMessage): void {
    const { id } = message
    // Nobody waits for an answer.
    if (this.#later.has(id) || this.#later.size >= MAX_CHANNEL_REQUESTS) return
    const request = new LaterRequest(this.#provider, message, (reply) => {
      this.#port.send(reply)
    })
    this.#later.set(id, request)
    void request.run().finally(() => {
      this.#later.delete(id)
    })
  }

  #serve(message: Extract<WorkerToPage, { type: 'request' }>): void {
    const { id } = message
    if (this.#requests.has(id) || this.#requests.size >= MAX_CHANNEL_REQUESTS) {
      const error = new LimitError('open channel requests', MAX_CHANNEL_REQUESTS, this.#requests.size + 1)
      this.#port.send({ type: 'error', id, error: errorToWire(error) })
      return
    }
    const request = new ServedRequest(this.#provider, message, (reply, transfer) => {
      this.#port.send(reply, transfer)
    })
    this.#requests.set(id, request)
    void request.run().finally(() => {
      this.#requests.delete(id)
    })
  }
}
