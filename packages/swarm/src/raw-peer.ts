import { streamPair } from '@libp2p/utils'
import { MAX_SUBSCRIBED_ROOTS } from '@blackhole/protocol'
import type { CdnMessage } from '@blackhole/protocol'
import type { Stream } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import * as Digest from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'
import { FrameReader } from './frame-reader.ts'
import { encodeFrame, encodePieceHeader } from './frame-writer.ts'
import type { PeerLink } from './admission.ts'
import type { PieceHeader } from './piece-header.ts'
import type { TestSwarm } from './swarm-harness.ts'

/** The far end of a stream to a swarm, for tests: it says what it is told to, right or wrong. */
export class RawPeer {
  readonly stream: Stream
  /** Messages that came. */
  readonly messages: CdnMessage[] = []
  /** Bytes of pieces that came. */
  dataBytes = 0
  readonly pieces: PieceHeader[] = []
  #settled = 0
  /** Called for each message. */
  onMessage: (message: CdnMessage) => void = () => undefined

  constructor(stream: Stream) {
    this.stream = stream
    const reader = new FrameReader({
      onMessage: (message) => {
        this.messages.push(message)
        this.onMessage(message)
      },
      onPiece: (piece) => this.pieces.push(piece),
      onPieceData: (data) => {
        this.dataBytes += data.byteLength
      },
    })
    stream.addEventListener('message', ({ data }) => {
      for (const chunk of data instanceof Uint8Array ? [data] : data) reader.push(chunk)
    })
  }

  send(message: Partial<CdnMessage>): void {
    this.stream.send(encodeFrame(message))
  }

  sendPiece(piece: { id: number; offset: number; size: number; data: Uint8Array }): void {
    this.stream.send(encodePieceHeader({ ...piece, length: piece.data.byteLength }))
    if (piece.data.byteLength > 0) this.stream.send(piece.data)
  }

  hello(site = 'site', token = 'token', version = 1): void {
    this.send({ hello: { version, site, token, lastResort: false, frameChannel: false } })
  }

  /** Answers subscriptions with a bitfield of which all `length` bits are set. */
  claimAll(length: number): void {
    this.onMessage = ({ subscribe }) => {
      if (subscribe !== undefined) this.send({ bitfield: { root: subscribe.root, bits: allBits(length) } })
    }
  }

  /** Waits until all that was sent has arrived: the other side answers a subscription, to a version that it can't know. */
  async settle(): Promise<void> {
    this.messages.length = 0
    // The same one may be asked for once a second, and so many in all.
    this.#settled = (this.#settled + 1) % MAX_SUBSCRIBED_ROOTS
    const root = CID.createV1(raw.code, Digest.create(sha256.code, new Uint8Array(32).fill(this.#settled))).bytes
    this.send({ subscribe: { root: new Uint8Array(root) } })
    await this.next('bitfield')
  }

  /** Resolves when a message of the kind has come. */
  async next<K extends keyof CdnMessage>(kind: K): Promise<NonNullable<CdnMessage[K]>> {
    const known = this.messages.find((message) => message[kind] !== undefined)?.[kind]
    if (known !== undefined) return known
    const { promise, resolve } = Promise.withResolvers<NonNullable<CdnMessage[K]>>()
    const before = this.onMessage
    this.onMessage = (message) => {
      before(message)
      const found = message[kind]
      if (found !== undefined) resolve(found)
    }
    return promise
  }

  /** Resolves with the stream's end. */
  async closed(): Promise<void> {
    if (this.stream.status !== 'open') return
    await new Promise((resolve) => this.stream.addEventListener('close', resolve, { once: true }))
  }
}

/** Connects a raw peer to a swarm. `joined` settles as `addStream` does. */
export async function connectRaw(
  to: TestSwarm,
  id: string,
  link: Pick<PeerLink, 'measurePath'> = {},
): Promise<{ peer: RawPeer; joined: Promise<void> }> {
  const [outbound, inbound] = await streamPair()
  const peer = new RawPeer(outbound)
  const joined = to.swarm.addStream({ peer: id, stream: inbound, direction: 'inbound', ...link })
  joined.catch(() => undefined)
  return { peer, joined }
}

/** A bitfield in which all pieces are there. */
export function allBits(length: number): Uint8Array<ArrayBuffer> {
  const bits = new Uint8Array(Math.ceil(length / 8)).fill(0xff)
  const spare = bits.length * 8 - length
  if (bits.length > 0) bits[bits.length - 1] = (0xff << spare) & 0xff
  return bits
}

/** The bytes of a CID, as requests have them. */
export function cidBytes(cid: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(CID.parse(cid).bytes)
}
