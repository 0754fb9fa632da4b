import type { MultiaddrConnection, Transport } from '@libp2p/interface'
import { closesLate, isOfBrowser } from './late-close.ts'

/** The part of the WebRTC transport that is mended. */
interface ClosingTransport {
  readonly shutdownController: AbortController
  _closeOnShutdown: (peerConnection: unknown, connection: MultiaddrConnection) => void
}

/**
 * Lets a WebRTC transport forget connections that have ended. That of `@libp2p/webrtc` 6.0.33
 * (`private-to-private/transport.ts`) closes its connections when it stops, and takes one off its list at a `close`
 * event of the `RTCPeerConnection`: there is no such event, so that a page kept each connection of its life, with its
 * channels, some 100 kB of heap each. Here the list follows the `close` event of libp2p's own connection. For what
 * Chromium keeps there is {@link closesLate}.
 *
 * `docs/upstream/js-libp2p-webrtc-closed-connections.md` has the report for upstream; delete this file when it is
 * fixed there.
 *
 * @param create - what `webRTC()` gave
 */
export function forgetsClosed<C>(create: (components: C) => Transport): (components: C) => Transport {
  return (components) => {
    const transport = create(components)
    const closing = transport as unknown as Partial<ClosingTransport>
    const signal = closing.shutdownController?.signal
    if (signal !== undefined && closing._closeOnShutdown !== undefined)
      closing._closeOnShutdown = (peerConnection, connection) => {
        if (isOfBrowser(peerConnection)) closesLate(peerConnection)
        closeWith(signal, connection)
      }
    return transport
  }
}

function closeWith(signal: AbortSignal, connection: MultiaddrConnection): void {
  // It may have ended while it was upgraded.
  if (connection.status === 'closed' || connection.status === 'aborted' || connection.status === 'reset') return
  const close = (): void => {
    connection.close().catch((error: unknown) => {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
    })
  }
  signal.addEventListener('abort', close)
  connection.addEventListener(
    'close',
    () => {
      signal.removeEventListener('abort', close)
    },
    { once: true },
  )
}
