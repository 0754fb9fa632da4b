import Hls from 'hls.js/dist/hls.light.min.mjs'
import WebTorrent from 'webtorrent/dist/webtorrent.min.js'
import { PLAYER, recordFilm, screen } from './film-log.ts'
import type { Loader, LoaderCallbacks, LoaderConfiguration, LoaderContext, LoaderStats } from 'hls.js'
import type { Torrent } from 'webtorrent/dist/webtorrent.min.js'

/**
 * The same player on WebTorrent 3: a torrent of all files with a web seed at the origin, of which nothing is fetched
 * that the player does not ask for. It has no STUN server but those named.
 */
async function main(): Promise<void> {
  const { tracker = '', torrent = '' } = document.querySelector<HTMLElement>('#visit')?.dataset ?? {}
  const video = screen()
  const torrentFile = new Uint8Array(await (await fetch(torrent)).arrayBuffer())
  const client = new WebTorrent({ tracker: { rtcConfig: { iceServers: [] } }, dht: false, lsd: false, webSeeds: true })
  const added = client.add(torrentFile, { announce: [tracker], deselect: true })
  await new Promise<void>((resolve) => {
    added.on('ready', resolve)
  })
  const hls = new Hls({ ...PLAYER, loader: loaderOf(added) })
  recordFilm(Hls, hls, video)
  hls.loadSource('/master.m3u8')
  hls.attachMedia(video)
}

/** Reads files of the torrent for `hls.js`. */
function loaderOf(torrent: Torrent): new () => Loader<LoaderContext> {
  return class implements Loader<LoaderContext> {
    context: LoaderContext | null = null
    readonly stats: LoaderStats = {
      ...{ aborted: false, loaded: 0, retry: 0, total: 0, chunkCount: 0, bwEstimate: 0 },
      loading: { start: 0, first: 0, end: 0 },
      parsing: { start: 0, end: 0 },
      buffering: { start: 0, first: 0, end: 0 },
    }

    load(context: LoaderContext, _: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
      this.context = context
      const { stats } = this
      stats.loading.start = performance.now()
      const { pathname } = new URL(context.url, location.href)
      const file = torrent.files.find(({ path }) => path.endsWith(pathname))
      if (file === undefined) {
        callbacks.onError({ code: 404, text: pathname }, context, null, stats)
        return
      }
      file
        .arrayBuffer()
        .then((bytes) => {
          if (stats.aborted) return
          stats.loading.first = stats.loading.end = performance.now()
          stats.loaded = stats.total = bytes.byteLength
          const data = context.responseType === 'arraybuffer' ? bytes : new TextDecoder().decode(bytes)
          callbacks.onSuccess({ url: context.url, data }, stats, context, null)
        })
        .catch((error: unknown) => {
          if (!stats.aborted) callbacks.onError({ code: 0, text: String(error) }, context, null, stats)
        })
    }

    abort(): void {
      this.stats.aborted = true
    }

    destroy(): void {
      this.abort()
    }
  }
}

void main()
