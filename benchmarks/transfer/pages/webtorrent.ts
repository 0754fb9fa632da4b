import WebTorrent from 'webtorrent/dist/webtorrent.min.js'
import { randomBytes, Stopwatch } from './bytes.ts'
import type { Torrent } from 'webtorrent/dist/webtorrent.min.js'
import type { Received } from './bytes.ts'

let torrent: Torrent | undefined

/** A transfer by WebTorrent: its browser bundle as published, one tracker on loopback, no STUN server, SHA-1 per piece. */
export const bench = {
  async serve(tracker: string, size: number): Promise<number[]> {
    const file = new File([randomBytes(size)], 'file.bin')
    const seeding = await new Promise<Torrent>((resolve) => {
      client().seed(file, { announceList: [[tracker]] }, resolve)
    })
    return [...seeding.torrentFile]
  },

  /** Joins the swarm and waits until the seed lets us ask, without asking for anything yet. */
  async connect(tracker: string, torrentFile: number[]): Promise<void> {
    const added = client().add(new Uint8Array(torrentFile), { announce: [tracker], deselect: true })
    torrent = added
    await new Promise<void>((resolve, reject) => {
      added.on('error', reject)
      added.on('wire', (wire) => { wire.on('unchoke', resolve) })
    })
  },

  async receive(): Promise<Received> {
    const wanted = torrent
    if (wanted === undefined) throw new Error('There is no torrent yet')
    const watch = new Stopwatch()
    return new Promise((resolve) => {
      wanted.on('download', (bytes) => { watch.arrived(bytes) })
      wanted.on('done', () => {
        watch.arrived(0)
        // Near the end it asks twice and counts twice: what arrived is more than the file.
        resolve({ ...watch.read(), bytes: wanted.length })
      })
      for (const file of wanted.files) file.select()
    })
  },
}

export type WebTorrentPage = typeof bench
Object.assign(globalThis, { bench })

function client(): WebTorrent {
  return new WebTorrent({ tracker: { rtcConfig: { iceServers: [] } }, dht: false, lsd: false, webSeeds: false })
}
