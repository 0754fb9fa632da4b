import { remote } from '../../harness/browser.ts'
import { startPlainRelay } from '../../harness/relay.ts'
import type { PlainRelay } from '../../harness/relay.ts'
import type { System } from '../contender.ts'
import type { Libp2pPage } from '../pages/libp2p.ts'

/** A bare js-libp2p stream over WebRTC: what libp2p itself costs. */
export function bareLibp2p(): System {
  let relay: PlainRelay | undefined
  return {
    name: 'bare libp2p stream',
    note: 'copies into one buffer; verifies and stores nothing',
    start: async () => {
      relay = await startPlainRelay()
    },
    stop: async () => {
      await relay?.close()
    },
    connect: async ({ sender, receiver, pages, size }) => {
      if (relay === undefined) throw new Error('There is no relay')
      await Promise.all([sender.goto(pages.url('libp2p')), receiver.goto(pages.url('libp2p'))])
      const address = await remote<Libp2pPage>(sender).serve(relay.address, size)
      await remote<Libp2pPage>(receiver).connect(relay.address, address)
      return () => remote<Libp2pPage>(receiver).receive(size)
    },
  }
}
