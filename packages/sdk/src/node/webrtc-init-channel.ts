/** The channel that `@libp2p/webrtc` opens to have something to negotiate, and closes once connected. */
const INIT_CHANNEL = 'init'

/** Marks a class that is mended already, across copies of this module. */
const MENDED = Symbol.for('blackhole.webrtc-init-channel')

/** The part of the `RTCPeerConnection` class that is mended. */
export interface PeerConnectionClass {
  readonly prototype: object
}

type CreateDataChannel = (
  this: unknown,
  label: string,
  options?: unknown,
) => EventTarget & { readonly readyState: string }

/**
 * Mends a race in `@libp2p/webrtc` 6.0.33 that fails 5-8 % of dials between
 * browsers (`private-to-private/initiate-connection.ts`): once connected, the
 * initiator waits for the `open` event of its `init` channel unless the channel
 * *is* open, but by then the other side may already have closed it. The event
 * never comes and the dial hangs until it times out. The `close` event that is
 * awaited next can be missed in the same way.
 *
 * On channels of that label, and on no others, a listener that is too late for
 * `open` or `close` is told at once. `docs/upstream/js-libp2p-webrtc-init-channel.md`
 * has the report for upstream; delete this file when it is fixed there.
 *
 * Mending a class twice does nothing.
 */
export function mendInitChannel(peerConnection: PeerConnectionClass): void {
  const prototype = peerConnection.prototype as { createDataChannel: CreateDataChannel; [MENDED]?: true }
  if (prototype[MENDED] === true) return
  const createDataChannel = prototype.createDataChannel
  prototype.createDataChannel = function (label, options) {
    const channel = createDataChannel.call(this, label, options)
    if (label === INIT_CHANNEL) tellLateListeners(channel)
    return channel
  }
  Object.defineProperty(prototype, MENDED, { value: true })
}

function tellLateListeners(channel: EventTarget & { readonly readyState: string }): void {
  const addEventListener = channel.addEventListener.bind(channel)
  channel.addEventListener = (type, listener, options) => {
    addEventListener(type, listener, options)
    if (listener === null || (type !== 'open' && type !== 'close')) return
    const tell = (): void => {
      const event = new Event(type)
      if (typeof listener === 'function') listener.call(channel, event)
      else listener.handleEvent(event)
    }
    const { readyState } = channel
    if (readyState === 'closed' || (readyState === 'closing' && type === 'open')) queueMicrotask(tell)
    // A channel may also go from connecting to closed without ever announcing that it was open.
    else if (readyState === 'connecting' && type === 'open') tellOnce(addEventListener, tell)
  }
}

/** Tells on the first sign of the channel's end, unless it opened before. */
function tellOnce(addEventListener: EventTarget['addEventListener'], tell: () => void): void {
  let settled = false
  addEventListener(
    'open',
    () => {
      settled = true
    },
    { once: true },
  )
  for (const type of ['closing', 'close']) {
    addEventListener(
      type,
      () => {
        if (!settled) tell()
        settled = true
      },
      { once: true },
    )
  }
}
