import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram, whyNoPrograms } from '@blackhole/benchmarks/programs'
import type { FindProgram } from '@blackhole/benchmarks/programs'
import type { SiteFiles } from '../systems/site-files.ts'

/** Which film. */
export interface FilmInit {
  readonly seconds: number
  /** Seconds of each segment. */
  readonly segmentS: number
}

/** A film in HTTP Live Streaming: `master.m3u8`, and a folder per quality. */
export interface Film extends FilmInit, SiteFiles {
  /** Bits per second of each quality, sound included. */
  readonly qualities: readonly number[]
}

/** The list of qualities. */
export const MASTER = 'master.m3u8'

/** The list of segments, in the folder of each quality. */
export const LIST = 'list.m3u8'

/** Folder of a quality. */
export function qualityFolder(quality: number): string {
  return `q${quality}`
}

/** Small pictures, few of them: six browsers decode them on the machine's two cores. Their bits are those of real films' lines. */
const QUALITIES = [
  { size: '128:72', kbit: 250 },
  { size: '192:108', kbit: 550 },
  { size: '256:144', kbit: 1150 },
] as const
const AUDIO_KBIT = 32
const PICTURES_PER_SECOND = 12

const ENCODING_TIMEOUT_MS = 300_000

/** Whether there is an `ffmpeg`; undefined when there is, else what is missing. */
export function whyNoFilm(find: FindProgram = findProgram): string | undefined {
  return whyNoPrograms({ ffmpeg: 'ffmpeg' }, find)
}

/** Makes the film, once for all runs: noise that nothing can compress, at a constant rate, and a tone. */
export async function makeFilm({ seconds, segmentS }: FilmInit): Promise<Film> {
  const args = encoding({ seconds, segmentS })
  const key = createHash('sha256').update(args.join(' ')).digest('hex').slice(0, 16)
  const folder = join(tmpdir(), `blackhole-lab-film-${key}`)
  if (!(await exists(join(folder, MASTER)))) {
    const making = `${folder}-${process.pid}`
    await mkdir(making, { recursive: true })
    try {
      await promisify(execFile)(findProgram('ffmpeg') ?? 'ffmpeg', args, { cwd: making, timeout: ENCODING_TIMEOUT_MS })
      // Another run may have been quicker; both made the same.
      await rename(making, folder).catch(() => undefined)
    } finally {
      await rm(making, { recursive: true, force: true })
    }
  }
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.includes('.')).sort()
  const files = await Promise.all(
    paths.map(async (path) => {
      const content = await readFile(join(folder, path))
      return { path, size: content.byteLength, sha256: createHash('sha256').update(content).digest('hex') }
    }),
  )
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const qualities = QUALITIES.map((_, quality) => {
    const own = files.filter(({ path }) => dirname(path) === qualityFolder(quality))
    return (8 * own.reduce((sum, { size }) => sum + size, 0)) / seconds
  })
  return { seconds, segmentS, folder, files, bytes, pictures: [], qualities }
}

function encoding({ seconds, segmentS }: FilmInit): string[] {
  const group = String(segmentS * PICTURES_PER_SECOND)
  const split = `[0:v]split=${QUALITIES.length}${QUALITIES.map((_, index) => `[s${index}]`).join('')}`
  const scale = QUALITIES.map(({ size }, index) => `[s${index}]scale=${size}[v${index}]`)
  const rates = QUALITIES.flatMap(({ kbit }, index) =>
    ['b', 'maxrate', 'minrate', 'bufsize'].flatMap((option) => [`-${option}:v:${index}`, `${kbit}k`]),
  )
  return [
    ...['-hide_banner', '-loglevel', 'error', '-y', '-f', 'lavfi'],
    ...['-i', `testsrc2=size=256x144:rate=${PICTURES_PER_SECOND},noise=alls=60:allf=t`],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=32000', '-t', String(seconds)],
    ...['-filter_complex', [split, ...scale].join(';')],
    ...QUALITIES.flatMap((_, index) => ['-map', `[v${index}]`, '-map', '1:a']),
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p'],
    ...['-g', group, '-keyint_min', group, '-sc_threshold', '0', '-x264-params', 'nal-hrd=cbr', ...rates],
    ...['-c:a', 'aac', '-b:a', `${AUDIO_KBIT}k`, '-ac', '1'],
    ...['-f', 'hls', '-hls_time', String(segmentS), '-hls_playlist_type', 'vod'],
    ...['-hls_segment_filename', 'q%v/s%03d.ts', '-master_pl_name', MASTER],
    ...['-var_stream_map', QUALITIES.map((_, index) => `v:${index},a:${index}`).join(' '), `q%v/${LIST}`],
  ]
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  )
}
