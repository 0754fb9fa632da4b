/**
 * WebTorrent's tracker, `bittorrent-tracker`, over WebSocket.
 *
 *     node tracker-server.ts PORT     says "ready" over IPC
 */
import process from 'node:process'
import Tracker from 'bittorrent-tracker/server'

const tracker = new Tracker({ http: true, udp: false, ws: true, stats: false })
tracker.on('error', (error) => {
  throw error
})
tracker.listen(Number(process.argv[2]), '0.0.0.0', () => process.send?.('ready'))
process.on('disconnect', () => process.exit(0))
