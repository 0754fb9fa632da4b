import type { Visitor } from '@blackhole/testkit'
import type { PageStatus } from '../loader/loader-config.ts'

/** The part of `window.blackhole` that tests use. */
export interface PageWindow extends Window {
  readonly blackhole: {
    readonly ready: Promise<unknown>
    status(): Promise<PageStatus>
    optOut(): Promise<void>
    optIn(): Promise<void>
  }
}

/** What a page got for a path. */
export interface Got {
  readonly status: number
  readonly bytes: number
  readonly sha256: string
  /** `X-Blackhole-Source`. */
  readonly source: string | null
  /** From the request to the whole body. */
  readonly ms: number
}

/** Opens a page and waits until it has joined its swarm. */
export async function open(visitor: Visitor, url: string): Promise<void> {
  const status = await visitor.goto(url)
  if (status !== 200) throw new Error(`${url} was answered with ${String(status)}`)
  await ready(visitor)
}

/** Waits for `window.blackhole.ready`, which may come into being first. */
export async function ready(visitor: Visitor): Promise<void> {
  await visitor.waitFor(() => 'blackhole' in window, { timeoutMs: 30_000 })
  await visitor.evaluate(async () => {
    await (window as unknown as PageWindow).blackhole.ready
  })
}

/** `window.blackhole.status()`. */
export async function statusOf(visitor: Visitor): Promise<PageStatus> {
  return await visitor.evaluate(async () => await (window as unknown as PageWindow).blackhole.status())
}

/** Fetches a path, or a range of it, past the browser's own HTTP cache. */
export async function get(visitor: Visitor, path: string, range?: string): Promise<Got> {
  return await visitor.evaluate(
    async ({ path, range }) => {
      const began = performance.now()
      const response = await fetch(path, {
        cache: 'no-store',
        ...(range === undefined ? {} : { headers: { range } }),
      })
      const body = await response.arrayBuffer()
      const ms = performance.now() - began
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body))
      return {
        status: response.status,
        bytes: body.byteLength,
        sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
        source: response.headers.get('x-blackhole-source'),
        ms,
      }
    },
    { path, range },
  )
}

/** Where the response for a path says that it comes from: `local` when all of it is in this browser. Reads no more than its head. */
export async function sourceOf(visitor: Visitor, path: string): Promise<string | null> {
  return await visitor.evaluate(async (path: string) => {
    const controller = new AbortController()
    const { headers } = await fetch(path, { cache: 'no-store', signal: controller.signal })
    controller.abort()
    return headers.get('x-blackhole-source')
  }, path)
}

/** Dials of the page that led to a connection, as its timeline has them. */
export async function dialsOf(visitor: Visitor): Promise<{ peer: string; ms: number }[]> {
  return await visitor.evaluate(() =>
    (performance.getEntriesByName('blackhole:dial') as PerformanceMeasure[]).map(({ detail, duration }) => ({
      peer: (detail as { peer: string }).peer,
      ms: duration,
    })),
  )
}

/** Peers that the page has banned, as its timeline has them. */
export async function bansOf(visitor: Visitor): Promise<{ peer: string; reason: string; cid?: string }[]> {
  return await visitor.evaluate(() =>
    (performance.getEntriesByName('blackhole:ban') as PerformanceMark[]).map(
      ({ detail }) => detail as { peer: string; reason: string; cid?: string },
    ),
  )
}
