import { CONTENT_TYPES, SCRIPT_PATHS } from '@blackhole/protocol'
import { Uplink } from './uplink.ts'
import type { UplinkAnswer } from './uplink.ts'

/** On a site's origin, and on the relay's own (`routes/scripts.ts`). */
const SCRIPTS: ReadonlySet<string> = new Set(
  Object.values(SCRIPT_PATHS).flatMap((path) => [path, path.slice(path.lastIndexOf('/'))]),
)
/** Twice what the largest has: a site may have a file of such a name. */
const MAX_SCRIPT_BYTES = 512 * 1024

/** Up to this size a block is a manifest, a folder or a small file: a visitor who asks for it knows nobody yet, or soon has it. */
const PLAIN_BLOCK_BYTES = 256 * 1024

/** The line of a relay that was told what it carries up, in 10^6 bit/s; undefined for 0. */
export function uplinkOf(mbit: number): Uplink | undefined {
  if (mbit === 0) return undefined
  return new Uplink(
    { now: () => performance.now(), setTimer: (callback, ms) => setTimeout(callback, ms).unref() },
    mbit * 1e6,
  )
}

/**
 * Begins an answer's turns on the line, by what it is: a block is what was asked for by its CID alone (`?format=raw`)
 * and is as large as a piece: only those do so who verify it, and may have it from others.
 *
 * @param target - of the request: path and query
 */
export function beginAnswer(uplink: Uplink, headers: Headers, target: string): UplinkAnswer {
  const size = Number(headers.get('content-length') ?? Infinity)
  if (headers.get('content-type') === CONTENT_TYPES.raw && size > PLAIN_BLOCK_BYTES)
    return uplink.begin('block', headers.get('etag') ?? '')
  const isScript = size <= MAX_SCRIPT_BYTES && SCRIPTS.has(target.split('?')[0] ?? '')
  return uplink.begin(isScript ? 'script' : 'plain')
}
