import {
  BlackholeError,
  CONTENT_TYPES,
  CorruptBlockError,
  MAX_BLOCK_BYTES,
  MAX_RECORD_BYTES,
  parseRelayInfo,
  relayPaths,
  type RelayInfo,
  type SiteName,
  type SiteSummary,
  type SwarmToken,
  type UploadResult,
  type VisitorReport,
} from '@blackhole/protocol'
import { verifyBlock } from '@blackhole/swarm'
import { httpRequest, type HttpAnswer, type HttpRequest } from './http-request.ts'
import {
  parseMissing,
  parseSiteList,
  parseSiteSummary,
  parseSwarmToken,
  parseUploadResult,
  parseVersions,
  type HeldVersion,
} from './parse-answers.ts'
import { parseRelayUrl } from './relay-url.ts'
import { retry } from './retry.ts'

/** What the client needs of its surroundings. */
export interface RelayClientComponents {
  readonly fetch: typeof fetch
  readonly random: () => number
}

/** Deadlines and retries of {@link RelayClient}. */
export interface RelayClientInit {
  /** Deadline of small questions. */
  readonly timeoutMs: number
  /** Deadline of one upload or download of blocks. */
  readonly transferTimeoutMs: number
  /** Tries in all, for what may pass by itself. */
  readonly attempts: number
  /** Wait before the second try. */
  readonly retryDelayMs: number
}

/** Defaults of {@link RelayClientInit}. */
export const DEFAULT_RELAY_CLIENT: RelayClientInit = Object.freeze({
  timeoutMs: 10_000,
  transferTimeoutMs: 120_000,
  attempts: 3,
  retryDelayMs: 250,
})

/** Largest JSON answer: a list of 100,000 sites. */
const MAX_JSON_BYTES = 64 * 1024 * 1024

/** What each call may be told. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Tries in all, where they are not {@link RelayClientInit.attempts}. */
  readonly attempts?: number | undefined
}

/**
 * The HTTP interface of one relay. Every answer is checked: whatever listens
 * at the URL may be something else, and its nonsense ends in an error that
 * names the URL and what was wrong.
 */
export class RelayClient {
  /** Origin of the relay, `https://relay.example`. */
  readonly url: string
  readonly #components: RelayClientComponents
  readonly #init: RelayClientInit

  constructor(components: Partial<RelayClientComponents>, init: { url: string } & Partial<RelayClientInit>) {
    this.url = parseRelayUrl(init.url)
    // A bare reference: `fetch` refuses to be called with another `this`.
    this.#components = {
      fetch: components.fetch ?? ((input, options) => fetch(input, options)),
      random: components.random ?? Math.random,
    }
    this.#init = { ...DEFAULT_RELAY_CLIENT, ...init }
  }

  /** Who the relay is and how to reach it. */
  async info(options: CallOptions = {}): Promise<RelayInfo> {
    return await this.#json(relayPaths.relay(), parseRelayInfo, options)
  }

  /** All sites of the relay. */
  async sites(options: CallOptions = {}): Promise<SiteSummary[]> {
    return await this.#json(relayPaths.sites(), parseSiteList, options)
  }

  /** @throws {BlackholeError} `missing` when the relay doesn't know the site */
  async site(name: SiteName, options: CallOptions = {}): Promise<SiteSummary> {
    return await this.#json(relayPaths.site(name), parseSiteSummary, options)
  }

  /** Versions that the relay still holds, newest first. */
  async versions(name: SiteName, options: CallOptions = {}): Promise<HeldVersion[]> {
    return await this.#json(relayPaths.versions(name), parseVersions, options)
  }

  /** The newest signed record, unchecked; undefined when the relay has none. */
  async record(name: SiteName, options: CallOptions = {}): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const { bytes } = await this.#request({
        url: this.#at(relayPaths.record(name)),
        maxBytes: MAX_RECORD_BYTES,
        timeoutMs: this.#init.timeoutMs,
        ...options,
        headers: { Accept: CONTENT_TYPES.record },
      })
      return bytes
    } catch (error) {
      if (error instanceof BlackholeError && error.reason === 'missing') return undefined
      throw error
    }
  }

  /** Makes a newer record the site's. */
  async putRecord(
    name: SiteName,
    record: Uint8Array<ArrayBuffer>,
    token: string,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#request({
      url: this.#at(relayPaths.record(name)),
      method: 'PUT',
      body: record,
      maxBytes: MAX_JSON_BYTES,
      timeoutMs: this.#init.transferTimeoutMs,
      ...options,
      headers: { ...bearer(token), 'Content-Type': CONTENT_TYPES.record },
    })
  }

  /** Which of these blocks the relay lacks; at most `MAX_MISSING_CIDS` at once. */
  async missing(name: SiteName, cids: readonly string[], token: string, options: CallOptions = {}): Promise<string[]> {
    const asked = new Set(cids)
    return await this.#json(relayPaths.missing(name), (value) => parseMissing(value, asked), {
      ...options,
      method: 'POST',
      body: JSON.stringify({ cids }),
      headers: { ...bearer(token), 'Content-Type': CONTENT_TYPES.json },
      timeoutMs: this.#init.transferTimeoutMs,
    })
  }

  /** Uploads blocks as a CAR. Not retried: whoever uploads asks again what is missing. */
  async upload(
    name: SiteName,
    car: Uint8Array<ArrayBuffer>,
    token: string,
    options: CallOptions = {},
  ): Promise<UploadResult> {
    const url = this.#at(relayPaths.blocks(name))
    const answer = await httpRequest(this.#components.fetch, {
      url,
      method: 'POST',
      body: car,
      maxBytes: MAX_JSON_BYTES,
      timeoutMs: this.#init.transferTimeoutMs,
      ...options,
      headers: { ...bearer(token), 'Content-Type': CONTENT_TYPES.car },
    })
    return readJson(answer, url, parseUploadResult)
  }

  /**
   * One of the blocks that lead from the root of a version that is held to its manifest, for the site's owner: given
   * when the relay serves no content too. An older relay gives the newest version's alone.
   *
   * @throws {CorruptBlockError} when the relay sent something else
   */
  async manifestBlock(
    name: SiteName,
    cid: string,
    token: string,
    options: CallOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#block(relayPaths.manifestBlock(name, cid), cid, { ...options, headers: bearer(token) })
  }

  /**
   * Permission for a peer to join a site's swarm.
   *
   * @param options - `want`: how many peers of the swarm the answer shall name; an older relay names none. Default: 0
   */
  async swarmToken(
    name: SiteName,
    peer: string,
    { want = 0, ...options }: CallOptions & { readonly want?: number } = {},
  ): Promise<SwarmToken> {
    return await this.#json(relayPaths.token(name), parseSwarmToken, {
      ...options,
      method: 'POST',
      body: JSON.stringify({ peer, ...(want > 0 ? { want } : {}) }),
      headers: { 'Content-Type': CONTENT_TYPES.json },
    })
  }

  /** Tells the operator where bytes came from; not retried, the next report has what this one lost. */
  async report(name: SiteName, report: VisitorReport, token: string, options: CallOptions = {}): Promise<void> {
    await this.#request({
      url: this.#at(relayPaths.report(name)),
      method: 'POST',
      body: JSON.stringify(report),
      maxBytes: MAX_JSON_BYTES,
      timeoutMs: this.#init.timeoutMs,
      attempts: 1,
      ...options,
      headers: { ...bearer(token), 'Content-Type': CONTENT_TYPES.json },
    })
  }

  /**
   * One block from the relay's trustless gateway, checked against its CID.
   *
   * @throws {CorruptBlockError} when the relay sent something else
   */
  async block(cid: string, options: CallOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#block(`/ipfs/${cid}?format=raw`, cid, { ...options, headers: {} })
  }

  async #block(
    path: string,
    cid: string,
    options: CallOptions & { readonly headers: Readonly<Record<string, string>> },
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { bytes } = await this.#request({
      url: this.#at(path),
      maxBytes: MAX_BLOCK_BYTES,
      timeoutMs: this.#init.transferTimeoutMs,
      ...options,
      headers: { Accept: CONTENT_TYPES.raw, ...options.headers },
    })
    if (!(await verifyBlock(cid, bytes))) throw new CorruptBlockError(cid, this.url)
    return bytes
  }

  async #json<T>(path: string, parse: (value: unknown) => T, options: Partial<HttpRequest> & CallOptions): Promise<T> {
    const url = this.#at(path)
    const answer = await this.#request({ url, maxBytes: MAX_JSON_BYTES, timeoutMs: this.#init.timeoutMs, ...options })
    return readJson(answer, url, parse)
  }

  async #request(request: HttpRequest & CallOptions): Promise<HttpAnswer> {
    return await retry(() => httpRequest(this.#components.fetch, request), {
      signal: request.signal,
      attempts: request.attempts ?? this.#init.attempts,
      delayMs: this.#init.retryDelayMs,
      random: this.#components.random,
    })
  }

  #at(path: string): string {
    return `${this.url}${path}`
  }
}

function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` }
}

function readJson<T>({ bytes }: HttpAnswer, url: string, parse: (value: unknown) => T): T {
  try {
    return parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (cause) {
    const detail = cause instanceof BlackholeError ? cause.message : 'it is not JSON'
    throw new BlackholeError('invalid', `${url} did not answer as a Blackhole relay does: ${detail}`, {
      cause,
      subject: url,
    })
  }
}
