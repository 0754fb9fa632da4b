import { remote } from '../../harness/browser.ts'
import { FILE, FileSite } from './file-site.ts'
import type { System } from '../contender.ts'
import type { SdkPage } from '../pages/sdk.ts'

/** Blackhole through the SDK's `site.fetch()` in a page of another origin. */
export function blackholeSdk(): System {
  let site: FileSite | undefined
  return {
    name: 'Blackhole, SDK',
    note: 'verifies SHA-256 of each 1 MiB piece before its first byte is handed on, keeps pieces in memory',
    start: async ({ pages, size }) => {
      site = await FileSite.start(size, [new URL(pages.url('sdk')).origin])
    },
    stop: async () => {
      await site?.stop()
    },
    connect: async ({ sender, receiver, pages }) => {
      if (site === undefined) throw new Error('There is no site')
      const shared = site
      const { relay, name } = shared
      await relay.serveContent(true)
      await Promise.all([sender.goto(pages.url('sdk')), receiver.goto(pages.url('sdk'))])
      const from = remote<SdkPage>(sender)
      const to = remote<SdkPage>(receiver)
      await from.open(relay.url, name)
      await from.receive(FILE)
      await relay.serveContent(false)
      await to.open(relay.url, name)
      await to.foundHolder(FILE)
      return () => shared.withoutContent(() => to.receive(FILE))
    },
  }
}
