import Tracker from 'bittorrent-tracker/server'
import type { AddressInfo } from 'node:net'

/** The tracker of WebTorrent in a process of its own, so that its CPU time can be told from others'. */
const server = new Tracker({ http: true, udp: false, ws: true, stats: false })
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.http.address() as AddressInfo).port)
})
process.once('disconnect', () => {
  process.exit(0)
})
