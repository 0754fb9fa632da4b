import type { ManifestFile } from '@blackhole/protocol'

/** Validators of an origin's answer, to ask with again. */
export interface OriginValidators {
  readonly etag?: string
  readonly lastModified?: string
}

/** When the origin of a site in script-tag mode is asked whether it still has what was published. */
export interface SamplingInit {
  /** Chance of a request to be sampled. */
  readonly chance: number
  /** No sample sooner than this after the last one: sampling must not bring the origin's traffic back. */
  readonly minIntervalMs: number
  /** A sample is due by then, whatever chance says, so that a quiet site notices a deployment too. */
  readonly maxIntervalMs: number
}

/** One request in fifty, at least one in ten minutes of use, at most one in ten seconds. */
export const DEFAULT_SAMPLING: SamplingInit = Object.freeze({
  chance: 0.02,
  minIntervalMs: 10_000,
  maxIntervalMs: 10 * 60_000,
})

/**
 * Whether to ask the origin about the file that is being served.
 *
 * @param sinceLastMs - since the last sample of this origin; Infinity when there was none
 * @param random - in [0, 1)
 */
export function shouldSample(sinceLastMs: number, random: number, init: SamplingInit = DEFAULT_SAMPLING): boolean {
  if (sinceLastMs < init.minIntervalMs) return false
  return sinceLastMs >= init.maxIntervalMs || random < init.chance
}

/** Headers of a sample: conditional once an answer was found to be the published bytes. */
export function sampleHeaders(validators: OriginValidators | undefined): Record<string, string> {
  if (validators?.etag !== undefined) return { 'If-None-Match': validators.etag }
  if (validators?.lastModified !== undefined) return { 'If-Modified-Since': validators.lastModified }
  return {}
}

/**
 * What a sample says.
 *
 * - `same`: the origin has what was published.
 * - `changed`: it was redeployed without publishing: the origin wins for this version.
 * - `compare`: the bytes decide (`matchesFile`).
 * - `unknown`: it says nothing about the content (an error, a redirect to a login, offline).
 */
export type OriginVerdict = 'same' | 'changed' | 'compare' | 'unknown'

/** The parts of an answer that a verdict needs. */
export interface OriginAnswer {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  /** The request was redirected. */
  readonly redirected?: boolean
}

/** Judges the origin's answer to a sample of a file, before its body is read. */
export function judgeOrigin(answer: OriginAnswer, file: ManifestFile): OriginVerdict {
  if (answer.status === 304) return 'same'
  // the file is gone: the origin took it away
  if (answer.status === 404 || answer.status === 410) return 'changed'
  if (answer.status !== 200 || answer.redirected === true) return 'unknown'
  const length = answer.headers.get('Content-Length')
  // with a content coding the length is that of the coded bytes
  const coded = answer.headers.get('Content-Encoding') !== null
  if (!coded && length !== null && /^\d+$/.test(length) && Number(length) !== file.size) return 'changed'
  return 'compare'
}

/** Validators of an answer whose bytes were those of the file, to be stored; undefined when it has none. */
export function validatorsOf(answer: OriginAnswer): OriginValidators | undefined {
  const etag = answer.headers.get('ETag')
  const lastModified = answer.headers.get('Last-Modified')
  if (etag === null && lastModified === null) return undefined
  return { ...(etag === null ? {} : { etag }), ...(lastModified === null ? {} : { lastModified }) }
}
