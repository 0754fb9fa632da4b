import { PIECE_BYTES } from '@blackhole/protocol'
import type { ManifestFile } from '@blackhole/protocol'
import { DEFAULT_SAMPLING, judgeOrigin, matchesFile, sampleHeaders, shouldSample, validatorsOf } from '@blackhole/site'
import type { SiteState } from '@blackhole/site'
import type { SiteVersion } from '../version/site-version.ts'

/** What an {@link OriginCheck} works with. */
export interface OriginCheckComponents {
  readonly state: SiteState
  now: () => number
  random: () => number
  fetch: (url: string, init: RequestInit) => Promise<Response>
  /** The origin has other content than this version. */
  onChanged: (version: SiteVersion, url: URL) => void
}

/** An origin that takes longer than this says nothing. */
const SAMPLE_TIMEOUT_MS = 20_000

/** Larger files are asked about only by their validators. */
const MAX_COMPARED_BYTES = PIECE_BYTES

/** Setting of the origin: when it was last asked, in milliseconds since 1970. Workers come and go every half minute. */
export const ORIGIN_ASKED_AT = 'origin-asked-at'

/**
 * In tag mode, asks the origin now and then whether it still has what was
 * published: a redeployment that was not published must win.
 */
export class OriginCheck {
  readonly #components: OriginCheckComponents
  readonly #chance: number
  #lastAt: number | undefined
  #read: Promise<void> | undefined

  /** @param chance - share of requests that are followed by a question, 0 to 1 */
  constructor(components: OriginCheckComponents, chance: number) {
    this.#components = components
    this.#chance = chance
  }

  /** A file was served: maybe ask about it. Never rejects. */
  async consider(url: URL, version: SiteVersion, path: string, file: ManifestFile): Promise<void> {
    const { now, random } = this.#components
    if (this.#chance === 0) return
    const sampling = { ...DEFAULT_SAMPLING, chance: this.#chance }
    await (this.#read ??= this.#readLast())
    const since = this.#lastAt === undefined ? Infinity : now() - this.#lastAt
    // A clock that was set back says nothing.
    if (!shouldSample(since < 0 ? Infinity : since, random(), sampling)) return
    this.#lastAt = now()
    await this.#components.state.setSetting(ORIGIN_ASKED_AT, this.#lastAt).catch(() => undefined)
    await this.#ask(url, version, path, file).catch(() => undefined)
  }

  async #readLast(): Promise<void> {
    const at = await this.#components.state.setting(ORIGIN_ASKED_AT).catch(() => undefined)
    if (typeof at === 'number') this.#lastAt = at
  }

  async #ask(url: URL, version: SiteVersion, path: string, file: ManifestFile): Promise<void> {
    const { state } = this.#components
    const validators = await state.originValidators(version.root, path)
    // Without validators the bytes must be compared: a question must not cost more than the file's own visitors.
    if (validators === undefined && file.size > MAX_COMPARED_BYTES) return
    const response = await this.#components.fetch(url.href, {
      headers: sampleHeaders(validators),
      cache: 'no-store',
      credentials: 'same-origin',
      signal: AbortSignal.timeout(SAMPLE_TIMEOUT_MS),
    })
    let verdict = judgeOrigin(response, file)
    if (verdict === 'compare') {
      const same = await matchesFile(file, chunks(response))
      verdict = same ? 'same' : 'changed'
      const found = validatorsOf(response)
      if (same && found !== undefined) await state.setOriginValidators(version.root, path, found)
    } else {
      await response.body?.cancel()
    }
    if (verdict === 'changed') this.#components.onChanged(version, url)
  }
}

async function* chunks({ body }: Response): AsyncGenerator<Uint8Array> {
  if (body !== null) yield* body
}
