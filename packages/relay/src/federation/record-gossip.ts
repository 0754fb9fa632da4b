import type { PeerId, Startable } from '@libp2p/interface'
import { TopicValidatorResult } from '@libp2p/gossipsub'
import type { GossipSub, Message } from '@libp2p/gossipsub'
import {
  HostingReply,
  HostingRequest,
  HostingVerb,
  HOSTING_PROTOCOL,
  MAX_CONTROL_MESSAGE_BYTES,
  RecordError,
  decodeControlLength,
  parseSiteName,
} from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { readSiteRecord, supersedes } from '@blackhole/site'
import type { SiteRecord } from '@blackhole/site'
import { pbStream } from '@libp2p/utils'
import { TypedEventEmitter } from 'main-event'
import type { Logger } from 'pino'
import type { Publisher } from '../hosting/publisher.ts'
import { CROSSED_RECORD_MS, FELLOW_ANSWER_MS, MAX_ASKED_FELLOWS, MAX_COMPARED_RECORDS } from './limits.ts'
import type { SiteTable, StoredSite } from '../state/site-table.ts'
import type { FellowGate } from './fellow-gate.ts'
import type { Fellow, Fellows } from './fellows.ts'
import type { HeardRecords } from './heard-records.ts'
import { GRAYLIST_THRESHOLD, RECORDS_TOPIC } from './services.ts'

/** What {@link RecordGossip} works with. */
export interface RecordGossipComponents {
  pubsub: GossipSub
  gate: FellowGate
  fellows: Fellows
  heard: HeardRecords
  sites: SiteTable
  publisher: Publisher
  log: Logger
  now: () => number
}

/** Events of a {@link RecordGossip}. */
export interface RecordGossipEvents {
  /** A fellow has a record that is newer than all that was known. */
  record: CustomEvent<SiteRecord>
}

/**
 * Spreads site records among fellows: a new one by GossipSub, and those that
 * were missed by comparing when a link comes up. A record proves itself, so a
 * fellow can't forge one; what it forges or replays costs it its standing.
 */
export class RecordGossip extends TypedEventEmitter<RecordGossipEvents> implements Startable {
  readonly #components: RecordGossipComponents
  #rejected = 0

  constructor(components: RecordGossipComponents) {
    super()
    this.#components = components
  }

  /** Messages that were refused as forged, malformed or replayed. */
  get rejected(): number {
    return this.#rejected
  }

  /** Fellows that sent so many of these that their messages are not looked at. */
  get ignored(): number {
    // GossipSub names the method in its class only.
    const { pubsub, fellows } = this.#components as RecordGossipComponents & {
      pubsub: { getScore?: (peer: string) => number }
    }
    return fellows.list().filter(({ peer }) => (pubsub.getScore?.(peer) ?? 0) < GRAYLIST_THRESHOLD).length
  }

  start(): void {
    const { pubsub, publisher, fellows } = this.#components
    pubsub.topicValidators.set(RECORDS_TOPIC, this.#validate)
    pubsub.subscribe(RECORDS_TOPIC)
    publisher.addEventListener('publish', this.#onPublish)
    fellows.addEventListener('join', this.#onJoin)
  }

  stop(): void {
    const { pubsub, publisher, fellows } = this.#components
    fellows.removeEventListener('join', this.#onJoin)
    publisher.removeEventListener('publish', this.#onPublish)
    pubsub.unsubscribe(RECORDS_TOPIC)
    pubsub.topicValidators.delete(RECORDS_TOPIC)
  }

  /**
   * Asks fellows for a site's record: some of them, and takes the newest.
   *
   * @returns undefined when none has one that is valid
   */
  async find(name: SiteName, signal: AbortSignal): Promise<SiteRecord | undefined> {
    const fellows = this.#components.fellows.list().slice(0, MAX_ASKED_FELLOWS)
    await Promise.allSettled(fellows.map((fellow) => this.#compare(fellow, name, signal)))
    return this.#components.heard.newest(name)?.record
  }

  readonly #validate = async (from: PeerId, message: Message): Promise<TopicValidatorResult> => {
    const { gate, heard, now, log } = this.#components
    if (!gate.has(from.toString())) return TopicValidatorResult.Ignore
    try {
      const { verb, site, record: bytes } = HostingRequest.decode(message.data)
      if (verb !== HostingVerb.HOSTING_PUT) throw new RecordError('invalid', 'A message of records puts one')
      const name = parseSiteName(site, 'record.site')
      const record = await readSiteRecord(name, bytes, { now: now() })
      const known = heard.newest(name)
      if (heard.hear(record)) {
        this.safeDispatchEvent('record', { detail: record })
        return TopicValidatorResult.Accept
      }
      // The same record again, the loser of two with equal sequence, or one that crossed a newer one on the way.
      if (known === undefined || record.sequence >= known.record.sequence) return TopicValidatorResult.Ignore
      if (now() - known.since < CROSSED_RECORD_MS) return TopicValidatorResult.Ignore
      throw new RecordError('stale', `Version ${String(record.sequence)} of ${name} has long been replaced`)
    } catch (error) {
      // One that has just run out was valid when it was sent.
      if (error instanceof RecordError && error.reason === 'expired') return TopicValidatorResult.Ignore
      this.#rejected += 1
      log.debug({ err: error, peer: from.toString() }, 'a fellow sent a record that is refused')
      return TopicValidatorResult.Reject
    }
  }

  readonly #onPublish = (event: CustomEvent<StoredSite>): void => {
    const { name, record } = event.detail
    const { pubsub, log } = this.#components
    const message = HostingRequest.encode({ verb: HostingVerb.HOSTING_PUT, site: name, record })
    pubsub.publish(RECORDS_TOPIC, message).catch((error: unknown) => {
      log.warn({ err: error, site: name }, 'the record was not spread')
    })
  }

  /** What was published while there was no link: each side asks for what it holds. */
  readonly #onJoin = (event: CustomEvent<Fellow>): void => {
    void (async () => {
      for (const { name } of this.#components.sites.list(MAX_COMPARED_RECORDS)) {
        if (this.#components.fellows.get(event.detail.peer) !== event.detail) return
        await this.#compare(event.detail, name, AbortSignal.timeout(FELLOW_ANSWER_MS))
      }
    })().catch((error: unknown) => {
      this.#components.log.debug({ err: error, peer: event.detail.peer }, 'records were not compared')
    })
  }

  async #compare({ connection }: Fellow, name: SiteName, signal: AbortSignal): Promise<void> {
    const { heard, now } = this.#components
    const stream = await connection.newStream(HOSTING_PROTOCOL, { signal })
    try {
      const messages = pbStream(stream, {
        maxDataLength: MAX_CONTROL_MESSAGE_BYTES,
        lengthDecoder: decodeControlLength,
      })
      await messages.write({ verb: HostingVerb.HOSTING_GET, site: name, record: new Uint8Array() }, HostingRequest, {
        signal,
      })
      const { record: bytes } = await messages.read(HostingReply, { signal })
      await stream.close({ signal })
      if (bytes.byteLength === 0) return
      const known = heard.newest(name)?.record
      const record = await readSiteRecord(name, bytes, { now: now() })
      if (known !== undefined && !supersedes(record, known)) return
      if (heard.hear(record)) this.safeDispatchEvent('record', { detail: record })
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }
}
