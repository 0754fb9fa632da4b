import { parseWindowMessage } from '@blackhole/protocol'
import type { LoadedMessage, Source } from '@blackhole/protocol'
import type { WorkerConfig } from './config.ts'
import { bypassHandler } from './handlers/bypass.ts'
import { contentHandler } from './handlers/content.ts'
import { dispatch } from './handlers/dispatch.ts'
import { describeRequest } from './handlers/handler.ts'
import type { Handler, SiteRequest } from './handlers/handler.ts'
import { manifestHandler } from './handlers/manifest.ts'
import { networkHandler } from './handlers/network.ts'
import { refuseHandler } from './handlers/refuse.ts'
import { scriptsHandler } from './handlers/scripts.ts'
import { siteHandler } from './handlers/site.ts'
import { createContentFetch } from './helia/content.ts'
import { HostDirectory } from './host/host-directory.ts'
import { LookAhead } from './media/look-ahead.ts'
import { Pieces } from './pieces.ts'
import { ReadyAnswers } from './ready-answers.ts'
import { Adoption } from './upkeep/adoption.ts'
import { AssetReports } from './upkeep/asset-reports.ts'
import { ReceivedCounters } from './upkeep/counters.ts'
import { EventHold } from './upkeep/event-hold.ts'
import { OriginCheck } from './upkeep/origin-check.ts'
import { SelfRemoval } from './upkeep/self-removal.ts'
import { StayAwake } from './upkeep/stay-awake.ts'
import { ManifestHints } from './version/manifest-hints.ts'
import { relayRecords } from './version/relay-record.ts'
import { BEGIN_WAIT_MS, versionForRequest } from './version/request-version.ts'
import { SiteVersions } from './version/site-versions.ts'
import type { SiteVersion } from './version/site-version.ts'
import { VersionLoader } from './version/version-loader.ts'
import type { FetchExtras, SiteWorkerComponents } from './worker-components.ts'

/** Setting of the origin: the visitor has left. */
export const OPTED_OUT = 'opted-out'

/**
 * The service worker, without the browser's events around it: which request is
 * answered from where, for which version, and what is done in the background.
 */
export class SiteWorker {
  readonly #components: SiteWorkerComponents
  readonly #config: WorkerConfig
  readonly #hold = new EventHold()
  readonly #directory: HostDirectory
  readonly #pieces: Pieces
  readonly #versions: SiteVersions
  readonly #counters: ReceivedCounters
  readonly #removal: SelfRemoval
  readonly #originCheck: OriginCheck
  readonly #awake: StayAwake
  readonly #reports: AssetReports
  readonly #handlers: readonly Handler[]
  readonly #adoption: Adoption
  readonly #media: LookAhead
  #optedOut: boolean | undefined
  #staleRoot: string | undefined

  constructor(components: SiteWorkerComponents, config: WorkerConfig) {
    const { state, clock, roots, clients, script } = components
    const now = (): number => clock.now()
    this.#components = components
    this.#config = config
    this.#directory = new HostDirectory({ clients, clock }, config.site, {
      onConnect: (link) => {
        if (this.#awake.busy) link.send({ type: 'busy', busy: true })
        this.#hold.keep(this.#onPageConnected())
      },
      onRecord: (record) => {
        this.#hold.keep(this.#onRecord(record))
      },
      onLoaded: (message, clientId) => {
        this.#hold.keep(this.#onLoaded(message, clientId))
      },
    })
    const shared = { ...components, keepAlive: this.#hold.keep }
    const count = (source: Source, bytes: number): void => {
      this.#counters.add(source, bytes)
    }
    this.#pieces = new Pieces({ ...shared, count, directory: this.#directory }, config, script.origin)
    this.#counters = new ReceivedCounters({
      ...shared,
      onChange: (received) => {
        this.#directory.broadcast({ type: 'counters', received })
      },
    })
    const block = (cid: string): ReturnType<Pieces['block']> =>
      this.#pieces.block(cid, { deadlineMs: 10_000, signal: new AbortController().signal })
    const stored = (cids: readonly string[]): Promise<boolean[]> => this.#pieces.stored(cids)
    this.#media = new LookAhead({
      clock: components.clock,
      stored,
      origin: script.origin,
      block: async (cid, { signal }) => (await this.#pieces.block(cid, { deadlineMs: 10_000, signal })).bytes,
      tell: (stream, pieces) => this.#directory.connected?.tellAhead(stream, pieces),
    })
    this.#adoption = new Adoption(
      {
        ...components,
        stored,
        block,
        versionOf: (clientId, root) => this.#versionToAdopt(clientId, root),
        count: this.#counters.add.bind(this.#counters),
        onStored: (cid) => {
          this.#directory.broadcast({ type: 'stored', cids: [cid] })
        },
        onLoaded: (urls, version) => this.#hold.keep(this.#reports.loaded(urls, version)),
      },
      config.site,
    )
    this.#versions = new SiteVersions(
      {
        state,
        clock,
        clients: roots,
        loader: this.#createLoader(),
        askRelays: relayRecords(components, config, script.origin),
        onRetired: () => {
          this.#hold.extend(this.#removal.remove())
        },
      },
      config.site,
    )
    this.#removal = new SelfRemoval({ ...components, script: script.href, idle: this.#hold.idle })
    this.#reports = new AssetReports(components, { ...config, origin: script.origin })
    const onChanged = (version: SiteVersion, url: URL): void => {
      this.#hold.keep(this.#letOriginWin(version))
      this.#hold.keep(this.#reports.changed(url, version))
    }
    this.#originCheck = new OriginCheck({ ...components, now, onChanged }, config.sampleRate)
    this.#awake = new StayAwake({ ...components, directory: this.#directory })
    this.#handlers = this.#createHandlers(onChanged)
  }

  /** Reads what the first decisions need. Requests that come earlier wait for it. */
  async start(): Promise<void> {
    const [optedOut] = await Promise.all([
      this.#components.state.setting(OPTED_OUT).catch(() => undefined),
      this.#pieces.start(),
    ])
    this.#optedOut = optedOut === true
    const version = await this.#versions.forClient('').catch(() => undefined)
    if (this.#config.mode === 'tag' && version !== undefined) await this.#isStale(version)
  }

  /**
   * Answers a request, or leaves it to the browser (undefined).
   */
  fetch(event: FetchEvent, { at, preloaded }: FetchExtras = {}): Promise<Response> | undefined {
    this.#awake.event(at ?? this.#components.clock.now())
    const request = describeRequest(event, preloaded)
    if (request.navigates && this.#config.mode === 'tag') event.waitUntil(this.#removal.checkScript())
    if (this.#config.mode === 'tag' && this.#optedOut !== true) this.#reports.asked(request, this.#versions.current)
    const response = dispatch(this.#handlers, request)
    if (response !== undefined) this.#hold.during(request.waitUntil, response)
    return response
  }

  /** A navigation was answered with what had been kept ready: `bytes` of the version with this root. */
  async answered(event: FetchEvent, root: string, bytes: number): Promise<void> {
    const pinned = this.#components.roots.set(event.resultingClientId, root)
    this.#hold.during(event.waitUntil.bind(event), pinned)
    this.#counters.add('local', bytes)
    await pinned
  }

  /** This worker replaces another one. */
  async activated(): Promise<void> {
    const { state, preload } = this.#components
    await state.forgetReadyAnswers().catch(() => undefined)
    // Others ask their relays themselves: a document's own server knows of no record.
    await preload(this.#config.mode === 'hosted' && this.#optedOut !== true).catch(() => undefined)
  }

  /**
   * Takes a message that a page posted to the worker.
   *
   * @param at - when the event came
   */
  message(event: ExtendableMessageEvent, at = this.#components.clock.now()): void {
    this.#awake.event(at)
    const message = parseWindowMessage(event.data)
    const { source, ports } = event
    if (message === undefined || source === null || !('id' in source)) return
    if (message.type === 'blackhole:opt-out') {
      this.#optedOut = message.optedOut
      event.waitUntil(
        this.#components.state.setSetting(OPTED_OUT, message.optedOut || undefined).catch(() => undefined),
      )
      // Past the worker the document itself is wanted.
      if (this.#config.mode === 'hosted')
        event.waitUntil(this.#components.preload(!message.optedOut).catch(() => undefined))
    } else if (message.type === 'blackhole:connect' && ports[0] !== undefined) {
      if (message.site !== this.#config.site) return
      // Before the page hears of us: what it asks for from then on is answered by the worker.
      event.waitUntil(this.#versions.begin())
      // What the page says next (hello, loaded) comes over the port, which alone keeps no worker alive.
      const talked = this.#components.clock.sleep(BEGIN_WAIT_MS)
      event.waitUntil(talked)
      this.#hold.during((work) => {
        event.waitUntil(work)
      }, talked)
      this.#directory.adopt(ports[0], source.id)
    }
  }

  /** Looks for the newest version, in the background. */
  async begin(): Promise<void> {
    await this.#versions.begin()
  }

  #createLoader(): VersionLoader {
    const { state, fetch } = this.#components
    const relay = this.#config.relays[0]
    return new VersionLoader(
      {
        state,
        block: async (cid, signal = new AbortController().signal) =>
          (await this.#pieces.block(cid, { deadlineMs: 0, signal })).bytes,
        keep: this.#pieces.keep.bind(this.#pieces),
        ...(relay === undefined
          ? {}
          : {
              hints: (root, signal) => {
                const hints = new ManifestHints({ fetch }, relay, root, signal)
                return (cid) => hints.find(cid)
              },
            }),
      },
      this.#config.site,
    )
  }

  #createHandlers(originChanged: (version: SiteVersion, url: URL) => void): readonly Handler[] {
    const config = this.#config
    const { clock, store, fetch, caches, cacheName } = this.#components
    const now = (): number => clock.now()
    const count = this.#counters.add.bind(this.#counters)
    const ready = new ReadyAnswers(this.#components.state)
    let content: ReturnType<typeof createContentFetch> | undefined
    const contentComponents = {
      config,
      outgoing: this.#awake.outgoing,
      now,
      count,
      contentFetch: () =>
        (content ??= createContentFetch(
          { fetch, store, block: (cid, demand) => this.#pieces.block(cid, demand) },
          config.relays,
        )),
    }
    const versionComponents = {
      clock,
      versions: this.#versions,
      playlists: this.#media.playlists,
      keepAlive: this.#hold.keep,
      isStale: this.#isStale.bind(this),
    }
    const version = (request: SiteRequest): Promise<SiteVersion | undefined> =>
      versionForRequest(versionComponents, config.mode, request)
    return [
      bypassHandler(() => this.#bypassState()),
      scriptsHandler({ fetch, now, cache: () => caches.open(cacheName).catch(() => undefined) }),
      contentHandler(contentComponents),
      manifestHandler({ ...contentComponents, version }),
      siteHandler({
        config,
        now,
        count,
        originChanged,
        version,
        piece: (piece, demand, traits) => this.#pieces.file(piece, demand, traits),
        stored: (cids) => this.#pieces.stored(cids),
        protect: (cids, until) => {
          this.#hold.keep(store.lease(cids).then((lease) => until.then(() => lease.release())))
        },
        media: this.#media,
        outgoing: contentComponents.outgoing,
        isAlone: this.#awake.isAlone.bind(this.#awake),
        streaming: (until) => {
          this.#hold.keep(this.#awake.streaming(until))
        },
        answered: (request, version, answer) => {
          this.#hold.keep(ready.keep(request.url, version, answer))
        },
        served: ({ url, waitUntil }, version, path, file) => {
          waitUntil(this.#originCheck.consider(url, version, path, file))
        },
      }),
      networkHandler({ fetch, now, config }),
      refuseHandler(),
    ]
  }

  #bypassState(): Parameters<typeof bypassHandler>[0] extends () => infer State ? State : never {
    const { known, beginning, current } = this.#versions
    return {
      origin: this.#components.script.origin,
      config: this.#config,
      optedOut: this.#removal.removed || this.#optedOut,
      known,
      hosted: this.#directory.connected !== undefined,
      beginning: beginning !== undefined,
      current,
      stale: current !== undefined && current.root === this.#staleRoot,
    }
  }

  async #onPageConnected(): Promise<void> {
    const { roots, clients } = this.#components
    this.#directory.broadcast({ type: 'counters', received: await this.#counters.read() })
    await this.#versions.begin()
    const windows = await clients.list()
    await roots.keepOnly(new Set(windows.map(({ id }) => id)))
  }

  async #onRecord(record: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#versions.learn(record)
    const version = await this.#versions.begin()
    if (version !== undefined && this.#optedOut !== true) await this.#media.moved(version.manifest)
  }

  async #onLoaded(message: LoadedMessage, clientId: string): Promise<void> {
    const at = this.#components.clock.now()
    const version = await this.#adoption.adopt(message, clientId)
    if (version !== undefined) await this.#media.loaded(version.manifest, clientId, message, at)
  }

  async #versionToAdopt(clientId: string, root: string | undefined): Promise<SiteVersion | undefined> {
    if (root !== undefined) await this.#versions.pin(clientId, root)
    await this.#versions.begin()
    const version = await this.#versions.forClient(clientId)
    return this.#optedOut === true ? undefined : version
  }

  async #isStale({ root }: SiteVersion): Promise<boolean> {
    if (root === this.#staleRoot) return true
    const stale = await this.#components.state.originStale(root).catch(() => false)
    if (stale) this.#staleRoot = root
    return stale
  }

  async #letOriginWin({ root }: SiteVersion): Promise<void> {
    this.#staleRoot = root
    await this.#components.state.setOriginStale(root, true)
  }
}
