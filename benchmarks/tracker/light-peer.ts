import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { ComponentLogger, Logger, MultiaddrConnection, Stream, StreamMuxer, Upgrader } from '@libp2p/interface'
import { handle, select } from '@libp2p/multistream-select'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { TypedEventEmitter } from 'main-event'

const SILENT: Logger = Object.assign(() => undefined, {
  error: () => undefined,
  trace: () => undefined,
  enabled: false,
  newScope: () => SILENT,
})
const LOGGER: ComponentLogger = { forComponent: () => SILENT }

const IDENTIFY = '/ipfs/id/1.0.0'
const PING = '/ipfs/ping/1.0.0'
const HOP = '/libp2p/circuit/relay/0.2.0/hop'

/** `HopMessage {type: RESERVE}` with its length before it (circuit-v2). */
const RESERVE = Uint8Array.of(2, 8, 0)

/** A deadline for each step of a greeting: the relay greets thousands at once. */
const STEP_MS = 60_000

/**
 * A visitor as the relay sees it: WebSocket, Noise, Yamux, an answer to identify, and a reservation. The layers are
 * those of js-libp2p, but there is no node around them, so that one process holds thousands.
 */
export class LightPeer {
  readonly id: string
  readonly #muxer: StreamMuxer
  readonly #connection: MultiaddrConnection

  private constructor(id: string, muxer: StreamMuxer, connection: MultiaddrConnection) {
    this.id = id
    this.#muxer = muxer
    this.#connection = connection
  }

  /** @param address - multiaddr of the relay's WebSocket listener */
  static async connect(address: string): Promise<LightPeer> {
    const privateKey = await generateKeyPair('Ed25519')
    const peerId = peerIdFromPrivateKey(privateKey)
    const signal = AbortSignal.timeout(STEP_MS)
    let connection: MultiaddrConnection | undefined
    // What the transport hands to libp2p's upgrader stops here.
    const upgrader = {
      upgradeOutbound: (made: MultiaddrConnection) => {
        connection = made
        return Promise.resolve(undefined)
      },
      getStreamMuxers: () => new Map(),
    } as unknown as Upgrader
    await webSockets()({ logger: LOGGER, events: new TypedEventEmitter() }).dial(multiaddr(address), {
      upgrader,
      signal,
    })
    if (connection === undefined) throw new Error('The transport made no connection')
    await select(connection, '/noise', { signal })
    const secured = await noise()({ privateKey, peerId, logger: LOGGER, upgrader }).secureOutbound(connection, {
      signal,
      skipStreamMuxerNegotiation: true,
    })
    await select(secured.connection, '/yamux/1.0.0', { signal })
    const muxer = yamux({ enableKeepAlive: false })().createStreamMuxer(secured.connection)
    const publicKey = publicKeyToProtobuf(privateKey.publicKey)
    muxer.addEventListener('stream', ({ detail: stream }) => {
      answer(stream, publicKey).catch((error: unknown) => {
        stream.abort(error instanceof Error ? error : new Error(String(error)))
      })
    })
    const peer = new LightPeer(peerId.toString(), muxer, connection)
    await peer.#reserve(signal)
    return peer
  }

  get isOpen(): boolean {
    return this.#connection.status === 'open'
  }

  /** Opens a stream, as libp2p's connections do. */
  readonly newStream = async (protocol: string | string[]): Promise<Stream> => {
    const signal = AbortSignal.timeout(STEP_MS)
    const stream = await this.#muxer.createStream({ signal })
    stream.protocol = await select(stream, protocol, { signal })
    return stream
  }

  close(): void {
    this.#connection.abort(new Error('The benchmark is over'))
  }

  async #reserve(signal: AbortSignal): Promise<void> {
    const stream = await this.newStream(HOP)
    const answered = new Promise<void>((resolve, reject) => {
      stream.addEventListener('message', () => {
        resolve()
      })
      stream.addEventListener('close', () => {
        reject(new Error('The relay made no reservation'))
      })
      signal.addEventListener('abort', () => {
        reject(new Error('The relay made no reservation in time'))
      })
    })
    stream.send(RESERVE)
    await answered
    await stream.close({ signal })
  }
}

/** Connects so many peers, a few at a time: a crowd that comes in one instant is another question. */
export async function connectLightPeers(address: string, count: number, atOnce = 16): Promise<LightPeer[]> {
  const peers: LightPeer[] = []
  let left = count
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      peers.push(await LightPeer.connect(address))
      if (peers.length % 500 === 0) console.error(`${String(peers.length)} peers are connected`)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker))
  } catch (error) {
    left = 0
    for (const peer of peers) peer.close()
    throw error
  }
  return peers
}

/** What a relay asks of its visitors: who they are, and whether they are there. */
async function answer(stream: Stream, publicKey: Uint8Array): Promise<void> {
  const protocol = await handle(stream, [IDENTIFY, PING], { signal: AbortSignal.timeout(STEP_MS) })
  if (protocol === PING) {
    stream.addEventListener('message', ({ data }) => {
      stream.send(data)
    })
    stream.addEventListener('remoteCloseWrite', () => {
      void stream.close()
    })
    return
  }
  stream.send(identifyMessage(publicKey))
  await stream.close()
}

/** `Identify` with the fields that a browser's libp2p fills, its length before it (https://github.com/libp2p/specs/tree/master/identify). */
function identifyMessage(publicKey: Uint8Array): Uint8Array {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value)
  const protocols = [
    IDENTIFY,
    PING,
    '/libp2p/circuit/relay/0.2.0/stop',
    '/webrtc-signaling/0.0.1',
    '/blackhole/cdn/1.0.0',
  ]
  const fields = [
    field(1, publicKey),
    ...protocols.map((protocol) => field(3, text(protocol))),
    field(5, text('ipfs/0.1.0')),
    field(6, text('js-libp2p/3.3.11 browser')),
  ]
  const message = Buffer.concat(fields)
  return Buffer.concat([varint(message.byteLength), message])
}

function field(number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(number * 8 + 2), varint(value.byteLength), value])
}

function varint(value: number): Uint8Array {
  return value < 0x80 ? Uint8Array.of(value) : Uint8Array.of((value & 0x7f) | 0x80, value >> 7)
}
