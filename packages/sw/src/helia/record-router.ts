import { CONTENT_TYPES, MAX_RECORD_BYTES, NotFoundError } from '@blackhole/protocol'
import type { Router, RoutingOptions } from '@helia/interface'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { readBounded } from '../piece-source/read-bounded.ts'
import type { HttpComponents } from '../piece-source/relay-pieces.ts'

/** `/ipns/` and the multihash of a key: how the IPNS specification names a record to routers. */
const PREFIX = new TextEncoder().encode('/ipns/')

/** Multicodec of a libp2p public key as a CID. */
const LIBP2P_KEY = 0x72

/** A relay that has not sent a record by then is passed over. */
const RECORD_TIMEOUT_MS = 10_000

/** Helia's way to IPNS records: the relays, which give them as signed. Whoever asks validates them. */
export class RecordRouter implements Router {
  readonly name = 'blackhole-relays'
  readonly #components: HttpComponents
  readonly #relays: readonly string[]

  constructor(components: HttpComponents, relays: readonly string[]) {
    this.#components = components
    this.#relays = relays
  }

  async get(key: Uint8Array, options: RoutingOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const name = nameOf(key)
    let failure: unknown = new NotFoundError(`/ipns/${name}`)
    for (const relay of this.#relays) {
      const timeout = AbortSignal.timeout(RECORD_TIMEOUT_MS)
      try {
        const response = await this.#components.fetch(`${relay}/ipns/${name}?format=ipns-record`, {
          signal: options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]),
          headers: { Accept: CONTENT_TYPES.record },
          cache: 'no-cache',
          credentials: 'omit',
          referrerPolicy: 'no-referrer',
        })
        if (response.ok) return await readBounded(response, MAX_RECORD_BYTES)
        await response.body?.cancel()
      } catch (error) {
        options.signal?.throwIfAborted()
        failure = error
      }
    }
    throw failure
  }
}

function nameOf(key: Uint8Array): string {
  if (!PREFIX.every((byte, index) => key[index] === byte)) throw new NotFoundError('A record that is not of IPNS')
  return CID.createV1(LIBP2P_KEY, Digest.decode(key.subarray(PREFIX.byteLength))).toString(base36)
}
