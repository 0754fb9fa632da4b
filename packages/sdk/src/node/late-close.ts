/** What a connection says when its other side goes has been said by then, on a busy page too. */
export const CLOSE_AFTER_MS = 250

/** The part of an `RTCPeerConnection` that closes it. */
export interface ClosablePeerConnection {
  ondatachannel: unknown
  close: () => void
}

/** What {@link closesLate} works with. */
export interface LateCloseComponents {
  readonly setTimeout: (run: () => void, ms: number) => unknown
}

/**
 * Lets a connection be closed {@link CLOSE_AFTER_MS} after it is told to.
 *
 * Chromium keeps an `RTCPeerConnection` for as long as its page lives, with all that listens to it, when it is closed
 * between a change of its state and the event that tells of it: the event holds the connection, and a closed one no
 * longer delivers it (`RTCPeerConnection::DispatchScheduledEvents` in Blink's `rtc_peer_connection.cc`; seen with 156).
 * Of connections that are closed as soon as their first channel is open, most stay; of those closed a turn of the event
 * loop later, none do.
 *
 * Nothing new comes in on it meanwhile.
 */
export function closesLate(
  peerConnection: ClosablePeerConnection,
  components: LateCloseComponents = { setTimeout: (run, ms) => setTimeout(run, ms) },
): void {
  const close = peerConnection.close.bind(peerConnection)
  let isClosing = false
  peerConnection.close = () => {
    if (isClosing) return
    isClosing = true
    peerConnection.ondatachannel = null
    components.setTimeout(close, CLOSE_AFTER_MS)
  }
}

/** Whether a connection is the browser's own: those of Node are not kept, and close at once. */
export function isOfBrowser(peerConnection: unknown): peerConnection is ClosablePeerConnection {
  const { RTCPeerConnection } = globalThis as { RTCPeerConnection?: typeof globalThis.RTCPeerConnection }
  return RTCPeerConnection !== undefined && peerConnection instanceof RTCPeerConnection
}
