/** The few parts of WebTorrent's browser bundle that the benchmark uses; it ships no types. */
declare module 'webtorrent/dist/webtorrent.min.js' {
  export interface Torrent {
    readonly torrentFile: Uint8Array
    readonly length: number
    readonly files: readonly { readonly path: string; select(): void; arrayBuffer(): Promise<ArrayBuffer> }[]
    on(event: 'ready' | 'done', listener: () => void): void
    on(event: 'wire', listener: (wire: Wire) => void): void
    on(event: 'download', listener: (bytes: number) => void): void
    on(event: 'error', listener: (error: Error) => void): void
  }

  export interface Wire {
    readonly peerChoking: boolean
    on(event: 'unchoke' | 'bitfield', listener: () => void): void
  }

  export interface TorrentOptions {
    announce?: string[]
    announceList?: string[][]
    deselect?: boolean
    name?: string
    storeCacheSlots?: number
  }

  class WebTorrent {
    constructor(options: {
      tracker: { rtcConfig: RTCConfiguration } | false
      dht: false
      lsd: false
      webSeeds: boolean
    })
    seed(file: File | File[], options: TorrentOptions, ready: (torrent: Torrent) => void): void
    add(torrentFile: Uint8Array, options: TorrentOptions, ready?: (torrent: Torrent) => void): Torrent
    on(event: 'error', listener: (error: Error) => void): void
  }

  export { WebTorrent as default }
}

/** The tracker of `bittorrent-tracker`, as far as it is used here. */
declare module 'bittorrent-tracker/server' {
  import type { Server as HttpServer } from 'node:http'

  class Server {
    constructor(options: { http: boolean; udp: boolean; ws: boolean; stats: boolean })
    readonly http: HttpServer
    listen(port: number, host: string, listening: () => void): void
    close(closed: () => void): void
    on(event: 'error', listener: (error: Error) => void): void
  }
  export { Server as default }
}
