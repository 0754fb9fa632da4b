import Hls from 'hls.js/dist/hls.light.min.mjs'
import { PLAYER, recordFilm, screen } from './film-log.ts'

/** The page's own script, the same for plain HTTP and for Blackhole: `hls.js` with the settings of {@link PLAYER}. */
function main(): void {
  const video = screen()
  const hls = new Hls(PLAYER)
  recordFilm(Hls, hls, video)
  hls.loadSource('/master.m3u8')
  hls.attachMedia(video)
}

main()
