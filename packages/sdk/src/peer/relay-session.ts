import type { Connection } from '@libp2p/interface'
import { TypedEventEmitter } from 'main-event'
import { AnnounceEvent, BlackholeError, type Announce, type SiteName } from '@blackhole/protocol'
import { isAborted, sleep } from '../sleep.ts'
import type { TrackerAnswer } from './tracker-client.ts'
import { TrackerStream } from './tracker-stream.ts'
import { followRecords } from './hosting-client.ts'
import type { RelayLink } from './relay-link.ts'
import type { SwarmLinks } from './swarm-links.ts'
import type { SwarmTokens } from './swarm-tokens.ts'

/** What is told to trackers about this peer. */
export type Standing = Pick<Announce, 'root' | 'have' | 'total' | 'want'>

/** Events of a {@link RelaySession}. */
export interface RelaySessionEvents {
  /** The tracker answered. */
  answer: CustomEvent<TrackerAnswer>
  /** The relay sent a record, not yet checked. */
  record: CustomEvent<Uint8Array<ArrayBuffer>>
}

/** What a session needs. */
export interface RelaySessionComponents {
  readonly link: RelayLink
  readonly links: SwarmLinks
  readonly tokens: SwarmTokens
  readonly random: () => number
  /** What to announce now. */
  readonly standing: () => Standing
  readonly onError: (what: string, error: unknown) => void
}

/** Options of {@link RelaySession}. */
export interface RelaySessionInit {
  readonly site: SiteName
  /** Wait before an announce or a subscription that failed is tried again. */
  readonly retryMs: number
  /** Least time between two announces; doubled with each that has news, up to the most, until one has none. */
  readonly announceGapMs: number
  readonly maxAnnounceGapMs: number
  /** The last announce, on leaving, may take this long. */
  readonly farewellMs: number
}

/** Defaults of {@link RelaySessionInit}. */
export const DEFAULT_RELAY_SESSION: Omit<RelaySessionInit, 'site'> = Object.freeze({
  retryMs: 5_000,
  announceGapMs: 100,
  maxAnnounceGapMs: 1_600,
  farewellMs: 1_000,
})

/**
 * What a peer has to do with one relay while it is connected: announce itself,
 * follow the site's records, and keep a cdn stream to it as the peer of last resort.
 */
export class RelaySession extends TypedEventEmitter<RelaySessionEvents> {
  readonly #components: RelaySessionComponents
  readonly #init: RelaySessionInit
  #controller: AbortController | undefined
  #tasks: Promise<unknown> = Promise.resolve()
  #wake: (() => void) | undefined
  #announced = false
  #tracker: TrackerStream | undefined
  #hasNews = false
  #introduction: TrackerAnswer | undefined

  constructor(components: RelaySessionComponents, init: Pick<RelaySessionInit, 'site'> & Partial<RelaySessionInit>) {
    super()
    this.#components = components
    this.#init = { ...DEFAULT_RELAY_SESSION, ...init }
    components.link.addEventListener('up', (event) => {
      this.#begin(event.detail)
      this.#useIntroduction()
    })
    components.link.addEventListener('down', () => {
      this.#end()
    })
  }

  /** The relay answered an announce since it was last connected. */
  get announced(): boolean {
    return this.#announced
  }

  get link(): RelayLink {
    return this.#components.link
  }

  start(): void {
    this.#components.link.start()
  }

  /** Tells the relay that this peer leaves, and disconnects. */
  async stop(): Promise<void> {
    const { connection } = this.#components.link
    this.#end()
    await this.#tasks
    const tracker = this.#tracker
    if (connection !== undefined && tracker !== undefined && this.#announced) {
      const signal = AbortSignal.timeout(this.#init.farewellMs)
      await this.#announce(tracker, AnnounceEvent.ANNOUNCE_STOPPED, signal).catch(() => undefined)
      tracker.close()
    }
    this.#announced = false
    await this.#components.link.stop()
  }

  /** Takes whom the relay named with its token: dialling them needs no answer of the tracker, only the relay's connection. */
  introduce(answer: TrackerAnswer): void {
    this.#introduction = answer
    if (this.link.connection !== undefined) this.#useIntroduction()
  }

  /** Announces soon, since what this peer holds or wants has changed. */
  announceSoon(): void {
    this.#hasNews = true
    this.#wake?.()
  }

  #begin(connection: Connection): void {
    this.#end()
    const controller = new AbortController()
    this.#controller = controller
    const { signal } = controller
    this.#tasks = Promise.all([
      this.#keepAnnouncing(connection, signal),
      this.#keep('the records', signal, async () => {
        await followRecords(
          connection,
          this.#init.site,
          (record) => {
            this.safeDispatchEvent('record', { detail: record })
          },
          { signal },
        )
      }),
    ])
  }

  #useIntroduction(): void {
    const answer = this.#introduction
    this.#introduction = undefined
    if (answer !== undefined && !this.#announced) this.safeDispatchEvent('answer', { detail: answer })
  }

  #end(): void {
    this.#controller?.abort(new BlackholeError('aborted', 'The relay is no longer connected'))
    this.#controller = undefined
  }

  async #keepAnnouncing(connection: Connection, signal: AbortSignal): Promise<void> {
    const { announceGapMs, maxAnnounceGapMs } = this.#init
    let event = AnnounceEvent.ANNOUNCE_STARTED
    const tracker = new TrackerStream(connection)
    this.#tracker = tracker
    await this.#keep('the tracker', signal, async () => {
      // Who comes in the same second in which this peer got its first piece is told of it, if it announces at once.
      let gap = announceGapMs
      for (;;) {
        this.#hasNews = false
        const answer = await this.#announce(tracker, event, signal)
        event = AnnounceEvent.ANNOUNCE_UPDATE
        this.#announced = true
        this.safeDispatchEvent('answer', { detail: answer })
        // A relay that doesn't hold the site has no cdn stream to offer.
        await this.#components.links.open(connection, { signal }).catch((error: unknown) => {
          this.#components.onError("the relay's cdn stream", error)
        })
        await sleep(gap, { signal })
        const hasNews = await this.#news(answer.intervalMs * (0.9 + this.#components.random() / 5), signal)
        gap = hasNews ? Math.min(gap * 2, maxAnnounceGapMs) : announceGapMs
      }
    })
  }

  async #announce(tracker: TrackerStream, event: AnnounceEvent, signal: AbortSignal): Promise<TrackerAnswer> {
    const token = await this.#components.tokens.token({ relay: this.#components.link.peer, signal })
    return await tracker.announce({ site: this.#init.site, token, event, ...this.#components.standing() }, { signal })
  }

  /** Runs a task again and again until the signal is aborted, with a pause after each failure. */
  async #keep(what: string, signal: AbortSignal, task: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await task()
      } catch (error) {
        if (isAborted(signal)) return
        this.#components.onError(what, error)
      }
      await sleep(this.#init.retryMs * (0.5 + this.#components.random()), { signal }).catch(() => undefined)
    }
  }

  /** Waits so long for news to announce. */
  async #news(ms: number, signal: AbortSignal): Promise<boolean> {
    if (this.#hasNews) return true
    const woken = new AbortController()
    this.#wake = () => {
      woken.abort()
    }
    try {
      await sleep(ms, { signal: AbortSignal.any([signal, woken.signal]) })
      return false
    } catch {
      signal.throwIfAborted()
      return true
    } finally {
      this.#wake = undefined
    }
  }
}
