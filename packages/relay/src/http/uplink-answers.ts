import { basename } from 'node:path/posix'
import { CONTENT_TYPES, SCRIPT_PATHS } from '@blackhole/protocol'
import { Uplink } from './uplink.ts'
import type { UplinkAnswer } from './uplink.ts'

const SCRIPTS: ReadonlySet<string> = new Set(Object.values(SCRIPT_PATHS).map((path) => basename(path)))

/** The line of a relay that was told what it carries up, in 10^6 bit/s; undefined for 0. */
export function uplinkOf(mbit: number): Uplink | undefined {
  if (mbit === 0) return undefined
  return new Uplink({ now: () => performance.now(), setTimer: (callback, ms) => setTimeout(callback, ms) }, mbit * 1e6)
}

/**
 * Begins an answer's turns on the line, by what it is: a block is what was asked for by its CID alone (`?format=raw`),
 * which only those do who verify it, and may have it from others.
 *
 * @param target - of the request: path and query
 */
export function beginAnswer(uplink: Uplink, headers: Headers, target: string): UplinkAnswer {
  if (headers.get('content-type') === CONTENT_TYPES.raw)
    return uplink.begin('block', Number(headers.get('content-length') ?? Infinity), headers.get('etag') ?? '')
  return uplink.begin(SCRIPTS.has(basename(target.split('?')[0] ?? '')) ? 'script' : 'plain')
}
