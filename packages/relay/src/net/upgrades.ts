import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Libp2p } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'
import { BlackholeError } from '@blackhole/protocol'
import { FrontListener } from './web-socket-transport.ts'

/** Takes over an HTTP connection that asked to become a WebSocket. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/**
 * The WebSocket listener's upgrade handler of a started node, so that the
 * front server can share its port with libp2p.
 *
 * The listener is reached through the node's components, which libp2p keeps
 * on the object without naming them in its public type.
 */
export function upgradeHandlerOf(node: Libp2p): UpgradeHandler {
  const { components } = node as unknown as { components?: { transportManager?: TransportManager } }
  for (const listener of components?.transportManager?.getListeners() ?? []) {
    if (listener instanceof FrontListener) return listener.onUpgrade
  }
  throw new BlackholeError('invalid', 'The node has no listener that takes WebSockets of the front server')
}
