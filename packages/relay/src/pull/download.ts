import { createWriteStream } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { BlackholeError, LimitError } from '@blackhole/protocol'
import { MAX_PULLED_BYTES, PULL_ANSWER_MS, PULL_BODY_MS } from '../limits.ts'
import { judgeAnswer } from './cache-rules.ts'
import type { OriginHead } from './cache-rules.ts'
import { headerLines, linesOf } from './header-lines.ts'
import { requestOrigin } from './origin-request.ts'
import type { OriginRequestComponents } from './origin-request.ts'

/** What {@link download} works with. */
export interface DownloadComponents extends OriginRequestComponents {
  now: () => number
}

/** What to download. */
export interface DownloadInit {
  readonly url: URL
  /** Headers of a conditional question. Default none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** File that the body is written to. */
  readonly file: string
  readonly allowPrivate: boolean
  readonly signal: AbortSignal
  /** Most bytes of the body. Default {@link MAX_PULLED_BYTES}. */
  readonly maxBytes?: number
}

/** What came of it. */
export interface Downloaded {
  readonly head: OriginHead
  /** Bytes in the file; undefined when the answer is not to be kept, and its body was not read. */
  readonly bytes: number | undefined
}

/**
 * Asks for an asset, and writes its body to a file when the answer may be
 * kept and all of it comes.
 *
 * @throws {BlackholeError} `unavailable` when there is no answer, or less of it than it promised; `forbidden`: `requestOrigin`
 * @throws {LimitError} when it is too long
 */
export async function download(components: DownloadComponents, init: DownloadInit): Promise<Downloaded> {
  const { url, headers, file, allowPrivate, maxBytes = MAX_PULLED_BYTES } = init
  const askedAt = components.now()
  const patience = new AbortController()
  const late = setTimeout(() => {
    patience.abort(new BlackholeError('timeout', `${url.href} is not answered`))
  }, PULL_ANSWER_MS)
  const signal = AbortSignal.any([init.signal, patience.signal, AbortSignal.timeout(PULL_BODY_MS)])
  try {
    const answer = await requestOrigin(components, {
      url,
      allowPrivate,
      signal,
      ...(headers === undefined ? {} : { headers }),
    })
    clearTimeout(late)
    const head: OriginHead = {
      status: answer.statusCode ?? 0,
      headers: headerLines(answer.rawHeaders),
      askedAt,
      answeredAt: components.now(),
    }
    if (!judgeAnswer(head).keep) {
      answer.destroy()
      return { head, bytes: undefined }
    }
    try {
      return { head, bytes: await spool(answer, head, url, { file, maxBytes, signal }) }
    } finally {
      answer.destroy()
    }
  } finally {
    clearTimeout(late)
  }
}

async function spool(
  answer: IncomingMessage,
  { headers }: OriginHead,
  url: URL,
  { file, maxBytes, signal }: { file: string; maxBytes: number; signal: AbortSignal },
): Promise<number> {
  const promised = Number(linesOf(headers, 'content-length')[0] ?? NaN)
  if (promised > maxBytes) throw new LimitError(`bytes of ${url.href}`, maxBytes, promised)
  // A body that ends with its connection may have been cut off anywhere (RFC 9112, 8).
  if (Number.isNaN(promised) && linesOf(headers, 'transfer-encoding').length === 0)
    throw new BlackholeError('unavailable', `${url.href} does not say how long it is`)
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Uint8Array, _encoding, callback) {
      bytes += chunk.byteLength
      if (bytes > maxBytes) callback(new LimitError(`bytes of ${url.href}`, maxBytes, bytes))
      else callback(null, chunk)
    },
  })
  try {
    await pipeline(answer, counted, createWriteStream(file, { mode: 0o600 }), { signal })
  } catch (cause) {
    if (cause instanceof LimitError) throw cause
    throw new BlackholeError('unavailable', `${url.href} broke off`, { cause })
  }
  if (!answer.complete || (!Number.isNaN(promised) && bytes !== promised))
    throw new BlackholeError('unavailable', `${url.href} broke off`)
  return bytes
}
