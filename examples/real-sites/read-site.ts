import type { Visitor } from '@blackhole/testkit'
import { expect } from 'playwright/test'
import type { DiskFile } from './real-site.ts'

/** What a visitor got for a path. */
export interface Got {
  readonly path: string
  readonly status: number
  readonly bytes: number
  readonly sha256: string
  /** `X-Blackhole-Source`. */
  readonly source: string | null
  /** `Server-Timing`. */
  readonly timing: string | null
  readonly etag: string | null
}

/** What `status()` of a page says. */
export interface PageStatus {
  readonly role: string
  readonly peers: number
  readonly received: { readonly local: number; readonly peers: number; readonly http: number }
  readonly shared: number
}

/** The part of `window.blackhole` that is used. */
interface PageWindow extends Window {
  readonly blackhole: { readonly ready: Promise<unknown>; status(): Promise<PageStatus> }
}

/** Files that are asked of the page at once: an answer per batch shows how far a failing run came. */
const BATCH = 250

/** Reads files through the page's `fetch`, eight at a time, and hashes them there. */
export async function readThroughPage(visitor: Visitor, paths: readonly string[]): Promise<Got[]> {
  const got: Got[] = []
  for (let at = 0; at < paths.length; at += BATCH) {
    got.push(...(await visitor.evaluate(readBatch, paths.slice(at, at + BATCH))))
  }
  return got
}

/** Runs in the page: uses nothing of this module. */
async function readBatch(paths: readonly string[]): Promise<Got[]> {
  const got: Got[] = []
  const queue = paths.values()
  const lane = async (): Promise<void> => {
    for (const path of queue) {
      const response = await fetch(`/${path.split('/').map(encodeURIComponent).join('/')}`)
      const body = await response.arrayBuffer()
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body))
      got.push({
        path,
        status: response.status,
        bytes: body.byteLength,
        sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
        source: response.headers.get('x-blackhole-source'),
        timing: response.headers.get('server-timing'),
        etag: response.headers.get('etag'),
      })
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  return got
}

/** Every file came whole, with the headers that every response through the worker has. */
export function expectAsOnDisk(got: readonly Got[], files: readonly DiskFile[]): void {
  const byPath = new Map(got.map((file) => [file.path, file]))
  const wrong = files.flatMap(({ path, bytes, sha256, cid }): object[] => {
    const file = byPath.get(path)
    if (file === undefined) return [{ path, problem: 'not read' }]
    if (file.status !== 200 || file.bytes !== bytes || file.sha256 !== sha256)
      return [{ ...file, expected: { bytes, sha256 } }]
    if (!['local', 'peers', 'http', 'mixed'].includes(file.source ?? ''))
      return [{ path, problem: `source ${String(file.source)}` }]
    if (!/^blackhole;desc="(local|peers|http|mixed)";dur=[\d.]+$/.test(file.timing ?? '')) {
      return [{ path, problem: `timing ${String(file.timing)}` }]
    }
    const isEtag = cid === undefined ? /^"bafybei[a-z2-7]{52}"$/.test(file.etag ?? '') : file.etag === `"${cid}"`
    return isEtag ? [] : [{ path, problem: `ETag ${String(file.etag)} instead of ${String(cid)}` }]
  })
  expect(wrong).toEqual([])
  expect(got).toHaveLength(files.length)
}

/** Waits until the page has joined its swarm. */
export async function ready(visitor: Visitor): Promise<void> {
  await visitor.evaluate(async () => {
    await (window as unknown as PageWindow).blackhole.ready
  })
}

export async function statusOf(visitor: Visitor): Promise<PageStatus> {
  return await visitor.evaluate(() => (window as unknown as PageWindow).blackhole.status())
}

/** Nothing on the page, in its worker or between them went wrong. */
export function expectNoComplaints(visitor: Visitor): void {
  expect(visitor.consoleErrors).toEqual([])
  expect(visitor.failedRequests).toEqual([])
}
