import { createHash } from 'node:crypto'
import type { Visitor } from '@blackhole/testkit'

/** What `window.blackhole.status()` says. */
export interface Status {
  readonly role: 'host' | 'guest' | 'off'
  readonly peers: number
  readonly received: { readonly local: number; readonly peers: number; readonly http: number }
  readonly shared: number
}

interface PageApi {
  readonly ready: Promise<unknown>
  status(): Promise<Status>
}

/** An answer that a page got. */
export interface Answer {
  readonly status: number
  readonly bytes: number
  readonly sha256: string
  /** The body as UTF-8. */
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

/** The part of `fetch`'s options that travels as JSON. */
export interface PageFetchInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly redirect?: 'follow' | 'manual' | 'error'
}

/** Waits for `window.blackhole.ready`, which may come into being first. */
export async function ready(visitor: Visitor): Promise<void> {
  await visitor.waitFor(() => 'blackhole' in window)
  await visitor.evaluate(async () => {
    await (window as unknown as { blackhole: PageApi }).blackhole.ready
  })
}

/** `window.blackhole.status()`. */
export async function statusOf(visitor: Visitor): Promise<Status> {
  return await visitor.evaluate(async () => await (window as unknown as { blackhole: PageApi }).blackhole.status())
}

/** Fetches a path in the page, past the browser's own HTTP cache. */
export async function get(visitor: Visitor, path: string, init: PageFetchInit = {}): Promise<Answer> {
  return await visitor.evaluate(
    async ({ path, init }) => {
      const response = await fetch(path, { cache: 'no-store', ...init })
      const body = await response.arrayBuffer()
      const digest = await crypto.subtle.digest('SHA-256', body)
      return {
        status: response.status,
        bytes: body.byteLength,
        sha256: Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join(''),
        text: new TextDecoder().decode(body.slice(0, 100_000)),
        headers: Object.fromEntries(response.headers),
      }
    },
    { path, init },
  )
}

/** SHA-256 as {@link get} writes it. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** How a download ended. */
export interface Download {
  readonly bytes: number
  /** Of everything that came; undefined when the download failed. */
  readonly sha256: string | undefined
  /** Why it failed. */
  readonly error: string | undefined
}

interface OpenDownload {
  readonly reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
  readonly first: Uint8Array<ArrayBuffer>
}

/** Begins a download in the page and reads its first bytes, then no more. */
export async function beginDownload(visitor: Visitor, path: string): Promise<void> {
  await visitor.evaluate(async (path: string) => {
    const reader = (await fetch(path, { cache: 'no-store' })).body?.getReader()
    const first = (await reader?.read())?.value
    Object.assign(window, { download: { reader, first } })
  }, path)
}

/** Reads the rest of the download that was begun. */
export async function finishDownload(visitor: Visitor): Promise<Download> {
  return await visitor.evaluate(async () => {
    const { reader, first } = (window as unknown as { download: OpenDownload }).download
    const chunks = [first]
    let error: string | undefined
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value)
    } catch (cause) {
      error = String(cause)
    }
    const body = await new Blob(chunks).arrayBuffer()
    const digest = await crypto.subtle.digest('SHA-256', body)
    return {
      bytes: body.byteLength,
      sha256:
        error === undefined
          ? Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
          : undefined,
      error,
    }
  })
}
