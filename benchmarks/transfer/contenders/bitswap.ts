import { remote } from '../../harness/browser.ts'
import { startPlainRelay } from '../../harness/relay.ts'
import type { PlainRelay } from '../../harness/relay.ts'
import type { System } from '../contender.ts'
import type { BitswapPage } from '../pages/bitswap.ts'

/** Helia's Bitswap over the same libp2p. */
export function heliaBitswap(): System {
  let relay: PlainRelay | undefined
  return {
    name: 'Helia Bitswap',
    note: 'verifies SHA-256 of each 1 MiB block, keeps blocks in memory',
    start: async () => {
      relay = await startPlainRelay()
    },
    stop: async () => {
      await relay?.close()
    },
    connect: async ({ sender, receiver, pages, size }) => {
      if (relay === undefined) throw new Error('There is no relay')
      await Promise.all([sender.goto(pages.url('bitswap')), receiver.goto(pages.url('bitswap'))])
      const { address, cid } = await remote<BitswapPage>(sender).serve(relay.address, size)
      await remote<BitswapPage>(receiver).connect(relay.address, address)
      return () => remote<BitswapPage>(receiver).receive(cid)
    },
  }
}
