import { TypedEventEmitter } from 'main-event'
import type { SiteName } from '@blackhole/protocol'

/** What the host tells the other pages of the origin. */
export interface HostState {
  readonly peers: number
  /** The host has joined the swarm. */
  readonly joined: boolean
  /** Version of the newest record, 0 before one is known. */
  readonly version: number
  readonly sharing: boolean
}

/** Messages between the pages of an origin. */
type HostMessage =
  | { readonly type: 'state'; readonly state: HostState }
  | { readonly type: 'ask' }
  | { readonly type: 'opt'; readonly out: boolean }

/** Events of a {@link HostChannel}. */
export interface HostChannelEvents {
  /** The host told its state. */
  state: CustomEvent<HostState>
  /** A page asks the host for its state. */
  ask: Event
  /** The visitor opted out, or in again, on another page. */
  opt: CustomEvent<boolean>
}

/** The part of `BroadcastChannel` that is used. */
export type Broadcast = Pick<BroadcastChannel, 'postMessage' | 'close' | 'addEventListener'>

/** How the pages of an origin keep each other up to date: the host tells, guests listen. */
export class HostChannel extends TypedEventEmitter<HostChannelEvents> {
  readonly #broadcast: Broadcast

  /** @param open - opens a broadcast channel, `(name) => new BroadcastChannel(name)` */
  constructor(components: { open: (name: string) => Broadcast }, init: { site: SiteName }) {
    super()
    this.#broadcast = components.open(`blackhole:state:${init.site}`)
    this.#broadcast.addEventListener('message', (event) => {
      this.#onMessage((event as MessageEvent<unknown>).data)
    })
  }

  /** Tells the other pages the host's state. */
  tell(state: HostState): void {
    this.#post({ type: 'state', state })
  }

  /** Asks the host for its state. */
  ask(): void {
    this.#post({ type: 'ask' })
  }

  /** Tells the other pages that the visitor opted out, or in again. */
  opt(out: boolean): void {
    this.#post({ type: 'opt', out })
  }

  close(): void {
    this.#broadcast.close()
  }

  #post(message: HostMessage): void {
    this.#broadcast.postMessage(message)
  }

  /** Other pages of the origin may run another version of this script, or be somebody else's. */
  #onMessage(data: unknown): void {
    if (typeof data !== 'object' || data === null || !('type' in data)) return
    if (data.type === 'ask') this.safeDispatchEvent('ask')
    else if (data.type === 'opt' && 'out' in data) this.safeDispatchEvent('opt', { detail: data.out === true })
    else if (data.type === 'state' && 'state' in data) {
      const state = readState(data.state)
      if (state !== undefined) this.safeDispatchEvent('state', { detail: state })
    }
  }
}

function readState(value: unknown): HostState | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { peers, joined, version, sharing } = value as Record<string, unknown>
  if (typeof peers !== 'number' || typeof joined !== 'boolean' || typeof version !== 'number') return undefined
  return { peers, joined, version, sharing: sharing === true }
}
