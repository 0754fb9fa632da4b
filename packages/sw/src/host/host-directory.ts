import { CHANNEL_HELLO_TIMEOUT_MS, CHANNEL_VERSION } from '@blackhole/protocol'
import type { LoadedMessage, SiteName, WorkerToPage } from '@blackhole/protocol'
import { withinMs } from '../clock.ts'
import type { Clock } from '../clock.ts'
import { PageLink } from './page-link.ts'

/** A window of the origin, as far as the directory needs it. */
export interface PageClient {
  readonly id: string
  postMessage(message: unknown, transfer: Transferable[]): void
}

/** Which windows there are: `clients` of the worker. */
export interface PageClients {
  /** All windows of the origin, those that the worker doesn't control included. */
  list(): Promise<readonly PageClient[]>
  has(id: string): Promise<boolean>
}

/** What a {@link HostDirectory} works with. */
export interface HostDirectoryComponents {
  readonly clients: PageClients
  readonly clock: Clock
}

/** What a {@link HostDirectory} tells its owner. */
export interface HostDirectoryEvents {
  /** A page greeted for the first time: it may be told what it needs to know. */
  onConnect?: (link: PageLink) => void
  onRecord?: (record: Uint8Array<ArrayBuffer>) => void
  onLoaded?: (message: LoadedMessage, clientId: string) => void
}

/** "No page hosts" is believed for so long, so that it costs nothing per request. */
const NO_HOST_MEMO_MS = 1_000

/**
 * A window that does not answer is asked again after twice as long each time, up to this: it may be frozen, or a page
 * without our script. One that comes to life speaks up by itself, or answers on the port that it still has.
 */
const MAX_ASK_PAUSE_MS = 30_000

/** While a page owes an answer, it is looked after so often: a closed tab gives no sign. */
const LIVENESS_MS = 500

/** Pages that are talked to at once. More tabs than this are still served, by the host among these. */
const MAX_LINKS = 64

/** A window that was asked and has not answered. */
interface Asked {
  readonly link: PageLink
  readonly pauseMs: number
  readonly until: number
}

/**
 * Knows which open page hosts the peer. Nothing here is the truth: the browser
 * ends the worker at will, and then pages are asked anew. Pages announce
 * themselves too, and say when their role changes.
 */
export class HostDirectory {
  readonly #components: HostDirectoryComponents
  readonly #site: SiteName
  readonly #events: HostDirectoryEvents
  readonly #links = new Map<string, PageLink>()
  readonly #greeted = new WeakSet<PageLink>()
  readonly #asked = new Map<string, Asked>()
  readonly #waiting = new Set<() => void>()
  #discovery: Promise<void> | undefined
  #noHostUntil = 0

  constructor(components: HostDirectoryComponents, site: SiteName, events: HostDirectoryEvents = {}) {
    this.#components = components
    this.#site = site
    this.#events = events
  }

  /** The page that hosts, when one is connected now. */
  get connected(): PageLink | undefined {
    for (const link of this.#links.values()) if (link.open && link.role === 'host') return link
    return undefined
  }

  /** Peers of the host page; 0 when it is known that no page hosts; undefined when nothing is known. */
  get peers(): number | undefined {
    return this.connected?.peers ?? (this.#components.clock.now() < this.#noHostUntil ? 0 : undefined)
  }

  /** A page opened this port. */
  adopt(port: MessagePort, clientId: string): void {
    this.#noHostUntil = 0
    this.#link(port, clientId)
  }

  /** The page that hosts, looked for among all windows when none is connected. */
  async host(): Promise<PageLink | undefined> {
    const connected = this.connected
    if (connected !== undefined || this.#components.clock.now() < this.#noHostUntil) return connected
    this.#discovery ??= this.#discover().finally(() => {
      this.#discovery = undefined
    })
    await this.#discovery
    const found = this.connected
    if (found === undefined) this.#noHostUntil = this.#components.clock.now() + NO_HOST_MEMO_MS
    return found
  }

  /** Whether any page of the site is open that answers: host or guest, it keeps the worker awake. */
  async hasPage(): Promise<boolean> {
    if ((await this.host()) !== undefined) return true
    const { clients } = this.#components
    const greeted = [...this.#links.values()].filter(({ open, role }) => open && role !== undefined)
    return (await Promise.all(greeted.map(({ clientId }) => clients.has(clientId)))).includes(true)
  }

  /** As {@link host}, but keeps waiting for a page to begin hosting as long as there are pages; undefined when there are none. */
  async waitForHost({ signal }: { signal: AbortSignal }): Promise<PageLink | undefined> {
    for (;;) {
      const host = await this.host()
      if (host !== undefined) return host
      if ((await this.#components.clients.list()).length === 0) return undefined
      const changed = new Promise<void>((resolve) => this.#waiting.add(resolve))
      await Promise.race([changed, this.#components.clock.sleep(NO_HOST_MEMO_MS, { signal })])
      signal.throwIfAborted()
    }
  }

  /** Sends a message to all connected pages. */
  broadcast(message: WorkerToPage): void {
    for (const link of this.#links.values()) if (link.role !== undefined) link.send(message)
  }

  /** Closes all ports. */
  close(): void {
    for (const link of [...this.#links.values()]) link.close()
    this.#forget(() => true)
  }

  async #discover(): Promise<void> {
    const { clients, clock } = this.#components
    const open = await clients.list()
    this.#forget((id) => !open.some((window) => window.id === id))
    const windows = open
      .filter(({ id }) => this.#links.get(id)?.role === undefined && (this.#asked.get(id)?.until ?? 0) <= clock.now())
      .slice(0, MAX_LINKS)
    if (windows.length === 0) return
    const answers = windows.map((window) => this.#ask(window))
    const found = Promise.any(
      answers.map(async (answer) => {
        if ((await answer) !== 'host') throw new Error('A guest')
      }),
    ).catch(() => undefined)
    await withinMs(clock, CHANNEL_HELLO_TIMEOUT_MS, found)
  }

  /** Opens a port to a window, in place of the one on which it has not answered. */
  #ask(window: PageClient): Promise<'host' | 'guest' | undefined> {
    const { id } = window
    const before = this.#asked.get(id)
    this.#forget((asked) => asked === id)
    const { port1, port2 } = new MessageChannel()
    const { link, role } = this.#link(port1, id)
    const pauseMs = before === undefined ? NO_HOST_MEMO_MS : Math.min(MAX_ASK_PAUSE_MS, 2 * before.pauseMs)
    this.#asked.set(id, { link, pauseMs, until: this.#components.clock.now() + pauseMs })
    window.postMessage({ type: 'blackhole:connect', version: CHANNEL_VERSION, site: this.#site }, [port2])
    return role
  }

  /** Closes the ports on which these windows have not answered. */
  #forget(which: (clientId: string) => boolean): void {
    for (const [id, { link }] of [...this.#asked]) {
      if (!which(id)) continue
      this.#asked.delete(id)
      if (link.role === undefined) link.close()
    }
  }

  /** Takes over a port. `role` resolves with the page's first role, or undefined when it closed. */
  #link(port: MessagePort, clientId: string): { link: PageLink; role: Promise<'host' | 'guest' | undefined> } {
    const { promise, resolve } = Promise.withResolvers<'host' | 'guest' | undefined>()
    const link = new PageLink(port, clientId, {
      onState: () => {
        if (!this.#greeted.has(link)) {
          this.#greeted.add(link)
          // Only now: until it has greeted, an older port of the same page stays in use.
          const older = this.#links.get(clientId)
          this.#keep(link)
          if (older !== undefined && older !== link) older.close()
          this.#forget((asked) => asked === clientId)
          this.#events.onConnect?.(link)
        }
        this.#wake()
        resolve(link.role)
      },
      onRecord: (record) => this.#events.onRecord?.(record),
      onLoaded: (message) => this.#events.onLoaded?.(message, clientId),
      onClose: () => {
        if (this.#links.get(clientId) === link) this.#links.delete(clientId)
        this.#wake()
        resolve(undefined)
      },
    })
    if (!this.#links.has(clientId)) this.#keep(link)
    return { link, role: promise }
  }

  /** Remembers a link, in place of the oldest when there are too many: any but the host's, which all others need. */
  #keep(link: PageLink): void {
    this.#links.set(link.clientId, link)
    if (this.#links.size <= MAX_LINKS) return
    const others = [...this.#links.values()].filter((other) => other !== link)
    const oldest = others.find(({ role }) => role !== 'host') ?? others[0]
    oldest?.close()
  }

  #wake(): void {
    if (this.connected !== undefined) this.#noHostUntil = 0
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  /**
   * Looks after a page while it owes an answer: closes its link once the page
   * is gone. Ends with the signal.
   */
  async watch(link: PageLink, { signal }: { signal: AbortSignal }): Promise<void> {
    try {
      while (link.open) {
        await this.#components.clock.sleep(LIVENESS_MS, { signal })
        if (!(await this.#components.clients.has(link.clientId))) link.close()
      }
    } catch {
      // The answer came, or nobody waits for it any more.
    }
  }
}
