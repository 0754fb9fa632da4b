import {
  BlackholeError,
  CHANNEL_VERSION,
  ChannelPort,
  MAX_BLOCK_BYTES,
  MAX_CHANNEL_REQUESTS,
  errorFromWire,
  parsePageMessage,
} from '@blackhole/protocol'
import type {
  ChunkMessage,
  ComingPiece,
  HeadMessage,
  LoadedMessage,
  PageToWorker,
  Source,
  WorkerToPage,
} from '@blackhole/protocol'
import type { LaterHolders, WantLaterOptions } from '../piece-source/later-pieces.ts'
import type { PieceDemand } from '../piece-source/piece-source.ts'

/** What a {@link PageLink} tells its owner. */
export interface PageLinkEvents {
  /** The page said hello, or its role or number of peers changed. */
  onState: () => void
  /** The page learned of a newer record; unchecked. */
  onRecord: (record: Uint8Array<ArrayBuffer>) => void
  /** The page says what it loaded past the worker. */
  onLoaded: (message: LoadedMessage) => void
  /** The page is gone, or is of another version. All its requests have failed. */
  onClose: () => void
}

/** Messages that pages know only where their hello says so. */
const NEW_MESSAGES: ReadonlySet<WorkerToPage['type']> = new Set(['ahead', 'fetching'])

/** What a page is told of a demand. */
type PageDemand = Pick<PieceDemand, 'deadlineMs' | 'signal' | 'patient' | 'onPace' | 'onHolders'>

interface OpenRequest {
  readonly resolve: (chunk: ChunkMessage) => void
  readonly reject: (error: Error) => void
  readonly onPace: PieceDemand['onPace']
  readonly onHolders: PieceDemand['onHolders']
}

/** The worker's end of one port to a page. */
export class PageLink {
  /** Id of the window client. */
  readonly clientId: string
  readonly #port: ChannelPort<PageToWorker, WorkerToPage>
  readonly #events: PageLinkEvents
  readonly #requests = new Map<number, OpenRequest>()
  #role: 'host' | 'guest' | undefined
  #peers = 0
  #nextId = 1
  #closed = false
  #takesAhead = false
  #takesLater = false
  readonly #later = new Map<number, WantLaterOptions['onHolders']>()

  constructor(port: MessagePort, clientId: string, events: PageLinkEvents) {
    this.clientId = clientId
    this.#events = events
    this.#port = new ChannelPort<PageToWorker, WorkerToPage>(port, {
      parse: parsePageMessage,
      onMessage: (message) => {
        this.#onMessage(message)
      },
      onClose: () => {
        this.close()
      },
    })
    this.#port.send({ type: 'hello', version: CHANNEL_VERSION })
  }

  /** Undefined until the page has said hello. */
  get role(): 'host' | 'guest' | undefined {
    return this.#role
  }

  /** Peers that the page is connected to. */
  get peers(): number {
    return this.#peers
  }

  /** Requests that are not answered yet. */
  get pending(): number {
    return this.#requests.size
  }

  get open(): boolean {
    return !this.#closed
  }

  /** Sends a message that expects no answer; a page that does not know it, and would close the port, is spared it. */
  send(message: WorkerToPage): void {
    if (this.#takesAhead || !NEW_MESSAGES.has(message.type)) this.#port.send(message)
  }

  /** Says what a player of a stream needs next, to a page that takes such news. */
  tellAhead(stream: string, pieces: readonly ComingPiece[]): void {
    this.send({ type: 'ahead', stream, pieces })
  }

  /** Lets a page that takes it get blocks from peers, as {@link WantLater} says. None are known any more once it no longer hosts. */
  wantLater(cids: readonly string[], { signal, onHolders }: WantLaterOptions): void {
    if (!this.#takesLater || this.#closed || signal.aborted || this.#later.size >= MAX_CHANNEL_REQUESTS) return
    const id = this.#nextId++
    this.#later.set(id, onHolders)
    this.#port.send({ type: 'later', id, cids })
    const onAbort = (): void => {
      if (this.#later.delete(id)) this.#port.send({ type: 'cancel', id })
    }
    signal.addEventListener('abort', onAbort, { once: true })
  }

  /**
   * One block from the page's store or its peers, as the page says it: check it.
   *
   * @param deadlineMs - when it is needed
   * @param onPace - told at once how fast those are who hold it
   * @param onHolders - told at once, and when it changes while the page is patient, who has it
   * @throws BlackholeError: the page's own, or `unavailable` when the page is gone
   */
  async request(
    cid: string,
    { deadlineMs, signal, patient, onPace, onHolders }: PageDemand,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; source: Source }> {
    signal.throwIfAborted()
    if (!this.open) throw gone()
    if (this.#requests.size >= MAX_CHANNEL_REQUESTS) {
      throw new BlackholeError('limit', `The page already has ${String(MAX_CHANNEL_REQUESTS)} requests`)
    }
    const id = this.#nextId++
    const onAbort = (): void => {
      this.#port.send({ type: 'cancel', id })
      this.#requests.get(id)?.reject(signal.reason as Error)
    }
    try {
      const chunk = await new Promise<ChunkMessage>((resolve, reject) => {
        this.#requests.set(id, { resolve, reject, onPace, onHolders })
        signal.addEventListener('abort', onAbort, { once: true })
        const request = { type: 'request', id, cids: [cid], deadlineMs, credit: MAX_BLOCK_BYTES } as const
        this.#port.send(patient === true ? { ...request, patient } : request)
      })
      if (chunk.cid !== cid) throw new BlackholeError('invalid', `The page sent ${chunk.cid} for ${cid}`)
      return { bytes: new Uint8Array(chunk.data), source: chunk.source }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#requests.delete(id)
    }
  }

  /** Closes the port and fails whatever waits for it. May be called again. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#port.close()
    for (const request of [...this.#requests.values()]) request.reject(gone())
    this.#events.onClose()
    // Only now: whoever wants them asks another page.
    this.#forgetLater()
  }

  #onMessage(message: PageToWorker): void {
    switch (message.type) {
      case 'hello':
        if (message.version !== CHANNEL_VERSION) {
          this.close()
          return
        }
        this.#takesAhead = message.ahead === true
        this.#takesLater = message.later === true
        this.#setState(message.role, message.peers)
        break
      case 'state':
        // A hello comes first, or the page's version is not known.
        if (this.#role !== undefined) this.#setState(message.role, message.peers)
        break
      case 'chunk':
        this.#requests.get(message.id)?.resolve(message)
        break
      case 'error':
        this.#requests.get(message.id)?.reject(errorFromWire(message.error))
        break
      case 'end':
        this.#requests
          .get(message.id)
          ?.reject(new BlackholeError('incomplete', 'The page ended before it sent the block'))
        break
      case 'record':
        this.#events.onRecord(new Uint8Array(message.record))
        break
      case 'loaded':
        this.#events.onLoaded(message)
        break
      case 'head': {
        this.#later.get(message.id)?.(laterHolders(message))
        const request = this.#requests.get(message.id)
        const [pace] = message.paces ?? []
        if (pace !== undefined) request?.onPace?.(pace)
        request?.onHolders?.({ held: message.available[0] === true, coming: message.coming?.[0] === true, pace })
        break
      }
    }
  }

  #setState(role: 'host' | 'guest', peers: number): void {
    const hosted = this.#role === 'host'
    this.#role = role
    this.#peers = peers
    this.#events.onState()
    if (hosted && role === 'guest') this.#forgetLater()
  }

  /** What the page said of who holds what is true no longer, and nobody corrects it. */
  #forgetLater(): void {
    const told = [...this.#later]
    this.#later.clear()
    for (const [id, onHolders] of told) {
      this.#port.send({ type: 'cancel', id })
      onHolders([])
    }
  }
}

function laterHolders({ available, coming = [], here = [] }: HeadMessage): LaterHolders[] {
  return available.map((held, at) => ({ here: here[at] === true, held, coming: coming[at] === true }))
}

function gone(): BlackholeError {
  return new BlackholeError('unavailable', 'The page that hosts the peer is gone')
}
