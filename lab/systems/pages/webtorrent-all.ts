import WebTorrent from 'webtorrent/dist/webtorrent.min.js'
import { VisitRecorder } from './visit-log.ts'

/**
 * The same page with WebTorrent 3, as its manual has it: its client, a
 * torrent of all files with a web seed at the origin, a tracker. Verifies
 * each piece by SHA-1. It has no STUN servers but those named.
 */
async function main(): Promise<void> {
  const recorder = new VisitRecorder()
  // The script's element names them.
  const { trackers = '', torrent = '', stun = '' } = document.querySelector<HTMLElement>('#visit')?.dataset ?? {}
  const torrentFile = new Uint8Array(await (await fetch(torrent)).arrayBuffer())
  const rtcConfig = { iceServers: [{ urls: stun.split(' ') }] }
  const client = new WebTorrent({ tracker: { rtcConfig }, dht: false, lsd: false, webSeeds: true })
  client.on('error', (error) => {
    recorder.failed(error.message)
  })
  const added = client.add(torrentFile, { announce: trackers.split(' ') })
  added.on('download', (bytes) => {
    recorder.arrived(bytes)
  })
  added.on('done', () => {
    recorder.done()
  })
}

void main()
