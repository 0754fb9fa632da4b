import type { Connection, Startable, Stream } from '@libp2p/interface'
import { pbStream } from '@libp2p/utils'
import {
  BlackholeError,
  CONTROL_TIMEOUT_MS,
  HOSTING_PROTOCOL,
  HostingReply,
  HostingRequest,
  HostingVerb,
  MAX_CONTROL_MESSAGE_BYTES,
  decodeControlLength,
  errorToWire,
  parseSiteName,
} from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { MAX_SUBSCRIPTIONS_PER_CONNECTION, REQUEST_TIMEOUT_MS } from '../limits.ts'
import type { RelayNode } from '../net/node.ts'
import type { SiteTable, StoredSite } from '../state/site-table.ts'
import type { PublishPolicy } from './publish-policy.ts'
import type { RefusedPublishers } from './refused-publishers.ts'
import type { Publisher } from './publisher.ts'

/** What {@link Hosting} works with. */
export interface HostingComponents {
  node: RelayNode
  sites: SiteTable
  publisher: Publisher
  policy: PublishPolicy
  refused: Pick<RefusedPublishers, 'check' | 'refused'>
}

type Messages = ReturnType<typeof pbStream<Stream>>

/** Somebody who waits for changes of a site. */
interface Follower {
  readonly stream: Stream
  readonly messages: Messages
}

const NOTHING = new Uint8Array()

/** `/blackhole/hosting/1.0.0`: gives, takes and follows site records. */
export class Hosting implements Startable {
  readonly #components: HostingComponents
  readonly #following = new Map<SiteName, Set<Follower>>()

  constructor(components: HostingComponents) {
    this.#components = components
  }

  async start(): Promise<void> {
    const { node, publisher } = this.#components
    await node.handle(HOSTING_PROTOCOL, (stream, connection) => this.#serve(stream, connection), {
      maxInboundStreams: MAX_SUBSCRIPTIONS_PER_CONNECTION,
    })
    publisher.addEventListener('publish', this.#onPublish)
  }

  async stop(): Promise<void> {
    const { node, publisher } = this.#components
    publisher.removeEventListener('publish', this.#onPublish)
    await node.unhandle(HOSTING_PROTOCOL)
    const closing = AbortSignal.timeout(CONTROL_TIMEOUT_MS)
    const streams = [...this.#following.values()].flatMap((followers) => [...followers].map(({ stream }) => stream))
    await Promise.allSettled(streams.map((stream) => stream.close({ signal: closing })))
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const signal = AbortSignal.timeout(CONTROL_TIMEOUT_MS)
    const messages = pbStream(stream, { maxDataLength: MAX_CONTROL_MESSAGE_BYTES, lengthDecoder: decodeControlLength })
    try {
      const request = await messages.read(HostingRequest, { signal })
      const site = this.#siteOf(request)
      if (request.verb === HostingVerb.HOSTING_SUBSCRIBE && !(site instanceof Error)) {
        await this.#follow(site, { stream, messages })
        return
      }
      const reply = site instanceof Error ? refusal(site) : await this.#answer(site, request, hostOf(connection))
      await messages.write(reply, HostingReply, { signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS) })
      await stream.close({ signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS) })
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #siteOf(request: HostingRequest): SiteName | Error {
    try {
      return parseSiteName(request.site, 'request.site')
    } catch (error) {
      return error as Error
    }
  }

  async #answer(site: SiteName, request: HostingRequest, address: string | undefined): Promise<HostingReply> {
    const { sites, publisher, policy, refused } = this.#components
    try {
      if (request.verb === HostingVerb.HOSTING_PUT) {
        refused.check({ address })
        policy.check(site, address)
        // The record's own signature is the authority; a newer one of the site's key is welcome from anyone.
        await publisher.publish(site, request.record, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) })
      } else if (request.verb !== HostingVerb.HOSTING_GET) {
        throw new BlackholeError('unsupported', 'request.verb must be get, put or subscribe', {
          subject: 'request.verb',
        })
      }
      return { record: sites.get(site)?.record ?? NOTHING, error: '' }
    } catch (error) {
      if (request.verb === HostingVerb.HOSTING_PUT) refused.refused({ address }, error)
      return { ...refusal(error), record: sites.get(site)?.record ?? NOTHING }
    }
  }

  /** Sends the record now and at every change, until the other side or the relay closes. */
  async #follow(site: SiteName, follower: Follower): Promise<void> {
    const { stream } = follower
    const followers = this.#following.get(site) ?? new Set()
    this.#following.set(site, followers.add(follower))
    const gone = (): void => {
      followers.delete(follower)
      if (followers.size === 0 && this.#following.get(site) === followers) this.#following.delete(site)
    }
    stream.addEventListener('close', gone, { once: true })
    stream.addEventListener(
      'remoteCloseWrite',
      () => {
        gone()
        stream.close({ signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS) }).catch((error: unknown) => {
          stream.abort(error as Error)
        })
      },
      { once: true },
    )
    await this.#send(follower, this.#components.sites.get(site)?.record ?? NOTHING)
  }

  readonly #onPublish = (event: CustomEvent<StoredSite>): void => {
    for (const follower of this.#following.get(event.detail.name) ?? []) void this.#send(follower, event.detail.record)
  }

  async #send({ stream, messages }: Follower, record: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await messages.write({ record, error: '' }, HostingReply, { signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS) })
    } catch (error) {
      stream.abort(error as Error)
    }
  }
}

/** The IP address at the other end. */
function hostOf(connection: Connection): string | undefined {
  return connection.remoteAddr.getComponents().find(({ name }) => name === 'ip4' || name === 'ip6')?.value
}

function refusal(error: unknown): HostingReply {
  return { record: NOTHING, error: JSON.stringify(errorToWire(error)) }
}
