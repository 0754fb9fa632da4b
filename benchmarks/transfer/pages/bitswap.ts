import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'
import { randomBytes, Stopwatch } from './bytes.ts'
import { browserNode, dialWebRtc, listenAt } from './node.ts'
import type { HeliaWithLibp2p } from '@helia/libp2p'
import type { ServiceMap } from '@libp2p/interface'
import type { Received } from './bytes.ts'

let helia: HeliaWithLibp2p<ServiceMap> | undefined

/** A transfer by Helia's Bitswap over the same libp2p: Helia's own defaults for files, blocks in memory, each verified. */
export const bench = {
  async serve(relay: string, size: number): Promise<{ address: string; cid: string }> {
    const node = await start()
    const cid = await unixfs(node).addBytes(randomBytes(size))
    return { address: await listenAt(node.libp2p, relay), cid: cid.toString() }
  },

  async connect(relay: string, address: string): Promise<void> {
    const node = await start()
    await listenAt(node.libp2p, relay)
    await dialWebRtc(node.libp2p, address)
  },

  async receive(cid: string): Promise<Received> {
    if (helia === undefined) throw new Error('There is no node yet')
    const watch = new Stopwatch()
    for await (const part of unixfs(helia).cat(CID.parse(cid))) watch.arrived(part.byteLength)
    return watch.read()
  },
}

export type BitswapPage = typeof bench
Object.assign(globalThis, { bench })

async function start(): Promise<HeliaWithLibp2p<ServiceMap>> {
  helia = withBitswap(withLibp2pLight(createHeliaLight(), browserNode()))
  await helia.start()
  return helia
}
