/**
 * Broadcasts a film as a live encoder does: every few seconds the next segment of each quality, then the playlists,
 * which list the last few. It begins with as many segments as a player wants to be behind, and ends with the film.
 *
 *     node broadcaster.ts FILM OUT SECONDS_PER_SEGMENT QUALITIES     says "ready" over IPC, and begins when told anything
 */
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { LIST, MASTER, qualityFolder } from './make-film.ts'

/** Segments that are listed, and kept for a while after (ffmpeg's `hls_list_size` and `hls_delete_threshold`). */
const LISTED = 6
const KEPT = 6
/** Players begin three segments before the end (RFC 8216, section 6.3.3). */
const FIRST = 3

const [film = '', out = '', segmentS = '', qualities = ''] = process.argv.slice(2)
const folders = Array.from({ length: Number(qualities) }, (_, quality) => qualityFolder(quality))

/** Reveals what has been filmed up to (without) a segment. */
async function reveal(from: number, to: number, total: number): Promise<void> {
  for (const folder of folders) {
    await mkdir(join(out, folder), { recursive: true })
    for (let segment = from; segment < to; segment += 1)
      await copyFile(join(film, folder, nameOf(segment)), join(out, folder, nameOf(segment)))
    const first = Math.max(0, to - LISTED)
    const lines = [
      ...['#EXTM3U', '#EXT-X-VERSION:3', `#EXT-X-TARGETDURATION:${segmentS}`, `#EXT-X-MEDIA-SEQUENCE:${first}`],
      ...Array.from({ length: to - first }, (_, index) => `#EXTINF:${segmentS},\n${nameOf(first + index)}`),
      ...(to === total ? ['#EXT-X-ENDLIST'] : []),
    ]
    // A half-written playlist is seen by nobody.
    await writeFile(join(out, folder, `${LIST}.tmp`), `${lines.join('\n')}\n`)
    await rename(join(out, folder, `${LIST}.tmp`), join(out, folder, LIST))
    const old = first - KEPT - 1
    if (old >= 0) await rm(join(out, folder, nameOf(old)), { force: true })
  }
}

function nameOf(segment: number): string {
  return `s${String(segment).padStart(3, '0')}.ts`
}

const total = (await readdir(join(film, qualityFolder(0)))).filter((name) => name.endsWith('.ts')).length
await mkdir(out, { recursive: true })
await reveal(0, FIRST, total)
await copyFile(join(film, MASTER), join(out, MASTER))
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
await new Promise((resolve) => process.once('message', resolve))
const began = performance.now()
for (let segment = FIRST; segment < total; segment += 1) {
  await sleep(Math.max(0, began + (segment - FIRST + 1) * Number(segmentS) * 1000 - performance.now()))
  await reveal(segment, segment + 1, total)
}
process.disconnect()
