import { remote } from '../../harness/browser.ts'
import type { System } from '../contender.ts'
import type { RawPage, RawSettings } from '../pages/raw.ts'

const KiB = 1024

/**
 * The settings that were fastest of those measured (16, 32, 64, 128 and 256 KiB
 * messages, buffers from 256 KiB to 8 MiB).
 */
export const RAW_SETTINGS: RawSettings = {
  messageBytes: 64 * KiB,
  highWaterBytes: 2048 * KiB,
  lowWaterBytes: 1024 * KiB,
}

/** A bare `RTCDataChannel`, signalled by hand: the limit that the browser sets. */
export function rawChannel(settings: RawSettings = RAW_SETTINGS, name = 'raw data channel'): System {
  return {
    name,
    note: 'copies into one buffer; verifies and stores nothing',
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    connect: async ({ sender, receiver, pages, size }) => {
      await Promise.all([sender.goto(pages.url('raw')), receiver.goto(pages.url('raw'))])
      const from = remote<RawPage>(sender)
      const to = remote<RawPage>(receiver)
      await from.accept(await to.answer(await from.offer()))
      await Promise.all([from.serve(size, settings), to.opened()])
      return () => to.receive(size)
    },
  }
}
