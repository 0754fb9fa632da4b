import { getEventListeners } from 'node:events'
import type { MultiaddrConnection } from '@libp2p/interface'
import { webRTC } from '@libp2p/webrtc'
import { describe, expect, it } from 'vitest'
import { forgetsClosed } from './closed-connections.ts'

/** libp2p's connection, as far as a transport looks at it when it stops. */
class Connected extends EventTarget {
  status = 'open'
  closings = 0

  async close(): Promise<void> {
    this.closings += 1
    this.end()
  }

  end(): void {
    this.status = 'closed'
    this.dispatchEvent(new Event('close'))
  }
}

interface Inside {
  readonly shutdownController: AbortController
  _closeOnShutdown(peerConnection: unknown, connection: MultiaddrConnection): void
}

function transport(): Inside {
  const components = { logger: { forComponent: () => undefined } } as unknown as Parameters<
    ReturnType<typeof webRTC>
  >[0]
  return forgetsClosed(webRTC())(components) as unknown as Inside
}

function connect({ _closeOnShutdown: watch }: Inside, connection = new Connected()): Connected {
  watch(new EventTarget(), connection as unknown as MultiaddrConnection)
  return connection
}

describe('forgetsClosed', () => {
  it('keeps nothing of connections that have ended: a page would keep all of its life', () => {
    const inside = transport()
    const connections = Array.from({ length: 3 }, () => connect(inside))
    expect(getEventListeners(inside.shutdownController.signal, 'abort')).toHaveLength(3)
    for (const connection of connections) connection.end()
    expect(getEventListeners(inside.shutdownController.signal, 'abort')).toHaveLength(0)
  })

  it('keeps nothing of one that ended while it was upgraded', () => {
    const inside = transport()
    const connection = new Connected()
    connection.end()
    connect(inside, connection)
    expect(getEventListeners(inside.shutdownController.signal, 'abort')).toHaveLength(0)
  })

  it('closes those that are open when the transport stops', () => {
    const inside = transport()
    const [open, ended] = [connect(inside), connect(inside)]
    ended.end()
    inside.shutdownController.abort()
    expect([open.closings, ended.closings]).toEqual([1, 0])
  })
})
