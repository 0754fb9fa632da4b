import { remote } from '../../harness/browser.ts'
import type { System } from '../contender.ts'
import type { RawPage, RawSettings } from '../pages/raw.ts'

const KiB = 1024

/**
 * Of messages of 16 to 256 KiB and buffers of 512 KiB to 8 MiB none was faster
 * than these by more than runs differ: Chromium cuts all into packets of about
 * 1 KiB, and those are what costs.
 */
export const RAW_SETTINGS: RawSettings = {
  messageBytes: 64 * KiB,
  highWaterBytes: 1024 * KiB,
  lowWaterBytes: 256 * KiB,
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
