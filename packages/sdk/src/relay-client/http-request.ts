import { BlackholeError, DeadlineError, LimitError, errorFromWire } from '@blackhole/protocol'

/** One request to a relay. */
export interface HttpRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer> | string
  readonly signal?: AbortSignal | undefined
  /** The whole answer must be here by then. */
  readonly timeoutMs: number
  /** A longer answer is refused: a relay may be anything that answers at its URL. */
  readonly maxBytes: number
}

/** An answer with status 2xx. */
export interface HttpAnswer {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly headers: Headers
}

/**
 * Sends a request and reads the whole answer within its deadline and bound.
 *
 * @throws {DeadlineError} naming the URL
 * @throws {BlackholeError} `unavailable` when nothing answers; the relay's own error when it sent one; else by status
 */
export async function httpRequest(fetcher: typeof fetch, request: HttpRequest): Promise<HttpAnswer> {
  const { url, method = 'GET', headers = {}, body, signal, timeoutMs, maxBytes } = request
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetcher(url, {
      method,
      headers: { ...headers },
      ...(body === undefined ? {} : { body }),
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      credentials: 'omit',
      cache: 'no-store',
    })
    const bytes = await readAtMost(response, maxBytes, url)
    if (!response.ok) throw errorOf(response, bytes, url)
    return { bytes, headers: response.headers }
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof BlackholeError) throw cause
    if (deadline.aborted) throw new DeadlineError(`The answer of ${url}`, timeoutMs, { cause })
    throw new BlackholeError('unavailable', `${url} can't be reached: ${reasonOf(cause)}`, { cause, subject: url })
  }
}

/** Answers of at most this declared length are read in one go. */
const SMALL_BYTES = 64 * 1024

async function readAtMost(response: Response, maxBytes: number, url: string): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(response.headers.get('Content-Length') ?? Number.POSITIVE_INFINITY)
  if (declared <= Math.min(maxBytes, SMALL_BYTES)) {
    // Chromium calls the answer to a POST aborted when its last bytes were taken from a reader.
    const bytes = new Uint8Array(await response.arrayBuffer())
    if (bytes.byteLength > maxBytes) throw new LimitError(`the answer of ${url} in bytes`, maxBytes, bytes.byteLength)
    return bytes
  }
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  if (reader === undefined) return new Uint8Array(0)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.byteLength
    if (length > maxBytes) {
      await reader.cancel().catch(() => undefined)
      throw new LimitError(`the answer of ${url} in bytes`, maxBytes, length)
    }
    chunks.push(value)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

/** The relay's own error when it sent one as JSON, else one made of the status. */
function errorOf(response: Response, bytes: Uint8Array, url: string): BlackholeError {
  const status = response.status
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    const wire = typeof value === 'object' && value !== null && 'error' in value ? value.error : value
    if (typeof wire === 'object' && wire !== null && 'reason' in wire) return errorFromWire(wire)
  } catch {
    // Not JSON: something else than a relay answered, or a proxy in front of it.
  }
  const reason =
    status === 404
      ? 'missing'
      : status === 401 || status === 403
        ? 'forbidden'
        : status === 413 || status === 429
          ? 'limit'
          : status === 507
            ? 'full'
            : 'unavailable'
  return new BlackholeError(reason, `${url} answered ${String(status)} ${response.statusText}`.trim(), { subject: url })
}

/** `fetch` hides why it failed in the cause of its error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, message } = (error.cause ?? {}) as { code?: unknown; message?: unknown }
  const detail = [code, message].find((text) => typeof text === 'string' && text !== '')
  return typeof detail === 'string' ? `${error.message} (${detail})` : error.message
}
