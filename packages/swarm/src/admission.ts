import { BlackholeError, LimitError, ValidationError } from '@blackhole/protocol'
import type { Hello } from '@blackhole/protocol'
import type { Stream } from '@libp2p/interface'
import { CDN_VERSION, PeerSession } from './peer-session.ts'
import { RemotePeer } from './remote-peer.ts'
import { UploadQueue } from './upload-queue.ts'
import type { FrameChannel } from './frame-channel.ts'
import type { MeasurePath } from './path-rtt.ts'
import type { SessionHandler } from './peer-session.ts'
import type { SwarmComponents, SwarmOptions } from './swarm-options.ts'

/** A stream to a peer, on its way into a swarm. */
export interface PeerLink {
  /** Peer id, as the connection has proved it. */
  readonly peer: string
  readonly stream: Stream
  /** What the stream's frames may go over instead, when the peer can do the same. */
  readonly frameChannel?: FrameChannel | undefined
  /** Who opened the stream: `outbound` is us. Default: the stream's own. */
  readonly direction?: 'inbound' | 'outbound'
  /** Tells how far away the peer is. Default: answers to requests have to. */
  readonly measurePath?: MeasurePath
  /** Known to be a relay; what its hello says counts as well. */
  readonly lastResort?: boolean
}

/** Two streams that both sides opened at once are at most this far apart. */
const SIMULTANEOUS_MS = 10_000

/** Exchanges hellos, and gives a peer that may be spoken to; its session is not open yet. */
export async function admit(
  link: PeerLink,
  components: Pick<SwarmComponents, 'token' | 'verifyToken' | 'now'>,
  options: SwarmOptions,
  handler: SessionHandler,
  signal: AbortSignal,
): Promise<RemotePeer> {
  const { site, lastResort, helloTimeoutMs } = options
  const session = new PeerSession(link.stream, handler, link.frameChannel)
  const hello = await session.greet({
    hello: async () => ({ version: CDN_VERSION, site, token: await components.token(), lastResort }),
    timeoutMs: helloTimeoutMs,
    signal,
    verify: async (theirs) => {
      checkHello(theirs, site)
      await components.verifyToken(theirs.token, link.peer)
    },
  })
  return new RemotePeer({
    id: link.peer,
    direction: link.direction ?? link.stream.direction,
    lastResort: link.lastResort === true || hello.lastResort,
    session,
    uploads: new UploadQueue(),
    joinedAt: components.now(),
    measurePath: link.measurePath,
  })
}

/**
 * Which of two streams to one peer stays. When both sides opened one at the same moment, both keep
 * the one that the smaller peer id opened; else the newer, since the older is likely dead.
 */
export function keepsOld(
  old: Pick<RemotePeer, 'id' | 'direction' | 'joinedAt'>,
  direction: 'inbound' | 'outbound',
  self: string | undefined,
  now: number,
): boolean {
  if (self === undefined || old.direction === direction || now - old.joinedAt > SIMULTANEOUS_MS) return false
  return old.direction === (self < old.id ? 'outbound' : 'inbound')
}

/** @throws when a stream to this peer is not wanted */
export function checkWanted(peer: string, isBanned: boolean, peers: number, maxPeers: number): void {
  if (isBanned) throw new BlackholeError('banned', `Peer ${peer} is banned`, { subject: peer })
  if (peers >= maxPeers) throw new LimitError('peers of the swarm', maxPeers, peers + 1)
}

function checkHello(hello: Hello, site: string): void {
  if (hello.version !== CDN_VERSION) throw new ValidationError('hello.version', String(CDN_VERSION), hello.version)
  if (hello.site !== site) throw new ValidationError('hello.site', site, hello.site)
}
