import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'
import { randomBytes, Stopwatch } from './bytes.ts'
import { browserNode, dialWebRtc, listenAt } from './node.ts'
import type { Received } from './bytes.ts'

/** A transfer by Helia's Bitswap over the same libp2p: Helia's own defaults for files, blocks in memory, each verified. */
export class BitswapPage {
  readonly #helia = withBitswap(withLibp2pLight(createHeliaLight(), browserNode()))

  async serve(relay: string, size: number): Promise<{ address: string; cid: string }> {
    await this.#helia.start()
    const cid = await unixfs(this.#helia).addBytes(randomBytes(size))
    return { address: await listenAt(this.#helia.libp2p, relay), cid: cid.toString() }
  }

  async connect(relay: string, address: string): Promise<void> {
    await this.#helia.start()
    await listenAt(this.#helia.libp2p, relay)
    await dialWebRtc(this.#helia.libp2p, address)
  }

  async receive(cid: string): Promise<Received> {
    const watch = new Stopwatch()
    for await (const part of unixfs(this.#helia).cat(CID.parse(cid))) watch.arrived(part.byteLength)
    return watch.read()
  }
}

Object.assign(globalThis, { bench: new BitswapPage() })
