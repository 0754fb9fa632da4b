import WebTorrent from 'webtorrent/dist/webtorrent.min.js'
import { randomBytes, Stopwatch } from './bytes.ts'
import type { Torrent } from 'webtorrent/dist/webtorrent.min.js'
import type { Received } from './bytes.ts'

/** A transfer by WebTorrent: its browser bundle as published, one tracker on loopback, no STUN server, SHA-1 per piece. */
export class WebTorrentPage {
  readonly #client = new WebTorrent({
    tracker: { rtcConfig: { iceServers: [] } },
    dht: false,
    lsd: false,
    webSeeds: false,
  })
  #torrent: Torrent | undefined

  async serve(tracker: string, size: number): Promise<number[]> {
    return this.serveFiles(tracker, 1, size)
  }

  /** Seeds a torrent of so many files of a size. */
  async serveFiles(tracker: string, files: number, size: number): Promise<number[]> {
    const made = Array.from({ length: files }, (_, index) => {
      return new File([randomBytes(size)], files === 1 ? 'file.bin' : `${String(index)}.bin`)
    })
    const seeding = await new Promise<Torrent>((resolve) => {
      this.#client.seed(made, { announceList: [[tracker]], name: 'files' }, resolve)
    })
    return [...seeding.torrentFile]
  }

  /** Joins the swarm and waits until the seed lets us ask, without asking for anything yet. */
  async connect(tracker: string, torrentFile: number[]): Promise<void> {
    const torrent = this.#client.add(new Uint8Array(torrentFile), { announce: [tracker], deselect: true })
    this.#torrent = torrent
    await new Promise<void>((resolve, reject) => {
      torrent.on('error', reject)
      torrent.on('wire', (wire) => {
        wire.on('unchoke', resolve)
      })
    })
  }

  async receive(): Promise<Received> {
    const torrent = this.#torrent
    if (torrent === undefined) throw new Error('There is no torrent yet')
    const watch = new Stopwatch()
    return new Promise((resolve) => {
      torrent.on('download', (bytes) => {
        watch.arrived(bytes)
      })
      torrent.on('done', () => {
        watch.arrived(0)
        // Near the end it asks twice and counts twice: what arrived is more than the file.
        resolve({ ...watch.read(), bytes: torrent.length })
      })
      for (const file of torrent.files) file.select()
    })
  }
}

Object.assign(globalThis, { bench: new WebTorrentPage() })
