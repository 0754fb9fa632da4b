import { CHANNEL_VERSION, ChannelPort, NotFoundError, parsePageMessage, parseSiteName } from '@blackhole/protocol'
import type { HolderPace, PageToWorker, WorkerToPage } from '@blackhole/protocol'
import { TypedEventEmitter } from 'main-event'
import type {
  BlockFetchOptions,
  BlockProvider,
  BlockProviderEvents,
  FetchedBlock,
  PageRole,
} from '../peer/block-provider.ts'

/** For tests: the site of the page. */
export const site = parseSiteName('k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r')

/** For tests: blocks of 100 bytes each; `slow…` never come, `missing…` are nowhere. */
export class FakeProvider extends TypedEventEmitter<BlockProviderEvents> implements BlockProvider {
  readonly needed: unknown[] = []
  readonly aborted: string[] = []
  readonly told: string[] = []
  pageRole: PageRole = 'host'
  readonly comingCids = new Set<string>()
  readonly hereCids = new Set<string>()
  mayPrefetch = true
  arrived: () => void = () => undefined
  readonly kept = new Uint8Array(100).fill(7)

  available(cids: readonly string[]): boolean[] {
    return cids.map((cid) => !cid.startsWith('missing'))
  }

  coming(cids: readonly string[]): boolean[] {
    return cids.map((cid) => this.comingCids.has(cid))
  }

  here(cids: readonly string[]): boolean[] {
    return cids.map((cid) => this.hereCids.has(cid))
  }

  prefetch(cids: readonly string[], { signal }: { readonly signal: AbortSignal }): Promise<void> | undefined {
    if (!this.mayPrefetch) return undefined
    this.needed.push(cids)
    return new Promise((resolve, reject) => {
      this.arrived = resolve
      signal.addEventListener('abort', () => {
        this.aborted.push(...cids)
        reject(signal.reason as Error)
      })
    })
  }

  paces(cids: readonly string[]): HolderPace[] {
    return cids.map(() => ({ rttMs: 20, bytesPerSecond: 1_000_000, queuedBytes: 0 }))
  }

  async fetch(cid: string, { signal }: BlockFetchOptions = {}): Promise<FetchedBlock> {
    if (cid.startsWith('missing')) throw new NotFoundError(cid)
    if (!cid.startsWith('slow')) return { bytes: this.kept, source: 'peers' }
    return await new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        this.aborted.push(cid)
        reject(signal.reason as Error)
      })
    })
  }

  stored(cids: readonly string[]): void {
    this.told.push(...cids)
  }

  ahead(stream: string, pieces: readonly unknown[]): void {
    this.needed.push([stream, pieces])
  }

  fetching(cids: readonly string[], over: boolean): void {
    this.told.push(...cids.map((cid) => `${cid} ${over ? 'over' : 'coming'}`))
  }

  peers(): number {
    return 3
  }

  role(): PageRole {
    return this.pageRole
  }
}

/** For tests: `navigator.serviceWorker`, with a worker that greets whoever opens a port. */
export class FakeContainer extends EventTarget {
  readonly posted: unknown[] = []
  readonly received: PageToWorker[] = []
  readonly updates: string[] = []
  version = CHANNEL_VERSION
  port: ChannelPort<PageToWorker, WorkerToPage> | undefined
  readonly worker = {
    postMessage: (message: unknown, transfer: Transferable[] = []) => {
      this.posted.push(message)
      if (transfer[0] instanceof MessagePort) this.talk(transfer[0])
    },
  } as unknown as ServiceWorker
  controller: ServiceWorker | null = this.worker
  readonly ready = Promise.resolve({
    active: this.worker,
    update: () => Promise.resolve(this.updates.push('update')),
  } as unknown as ServiceWorkerRegistration)

  startMessages(): void {
    this.posted.push('started')
  }

  talk(port: MessagePort): void {
    this.port = new ChannelPort<PageToWorker, WorkerToPage>(port, {
      parse: parsePageMessage,
      onMessage: (message) => this.received.push(message),
    })
    this.port.send({ type: 'hello', version: this.version })
  }

  of<T extends PageToWorker['type']>(type: T): Extract<PageToWorker, { type: T }>[] {
    return this.received.filter((message) => message.type === type) as Extract<PageToWorker, { type: T }>[]
  }
}
