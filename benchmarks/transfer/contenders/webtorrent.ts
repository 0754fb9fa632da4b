import Tracker from 'bittorrent-tracker/server'
import { remote } from '../../harness/browser.ts'
import type { AddressInfo } from 'node:net'
import type { System } from '../contender.ts'
import type { WebTorrentPage } from '../pages/webtorrent.ts'

/** WebTorrent 3 in both browsers, with a tracker on loopback. */
export function webTorrent(): System {
  let tracker: Tracker | undefined
  let url = ''
  return {
    name: 'WebTorrent 3',
    note: 'verifies SHA-1 of each piece, keeps pieces in the origin private file system or in memory, as it chooses',
    start: async () => {
      const server = new Tracker({ http: true, udp: false, ws: true, stats: false })
      await new Promise<void>((resolve, reject) => {
        server.on('error', reject)
        server.listen(0, '127.0.0.1', resolve)
      })
      tracker = server
      url = `ws://127.0.0.1:${String((server.http.address() as AddressInfo).port)}`
    },
    stop: async () => {
      await new Promise<void>((resolve) => (tracker === undefined ? resolve() : tracker.close(resolve)))
    },
    connect: async ({ sender, receiver, pages, size }) => {
      await Promise.all([sender.goto(pages.url('webtorrent')), receiver.goto(pages.url('webtorrent'))])
      const torrentFile = await remote<WebTorrentPage>(sender).serve(url, size)
      await remote<WebTorrentPage>(receiver).connect(url, torrentFile)
      return () => remote<WebTorrentPage>(receiver).receive()
    },
  }
}
