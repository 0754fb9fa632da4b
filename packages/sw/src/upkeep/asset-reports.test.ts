import { parseSiteName } from '@blackhole/protocol'
import type { AssetReport, Manifest } from '@blackhole/protocol'
import { beforeEach, expect, test } from 'vitest'
import type { SiteRequest } from '../handlers/handler.ts'
import type { SiteVersion } from '../version/site-version.ts'
import { AssetReports } from './asset-reports.ts'

const ORIGIN = 'https://example.com'
const SITE = parseSiteName('k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8')
const held = { 'held.js': { cid: 'x', size: 1, type: 'text/javascript' } }
const version = (pulled = true): SiteVersion =>
  ({ manifest: { files: held, ...(pulled ? { pulled: true } : {}) } as unknown as Manifest }) as SiteVersion

let now: number
let stored: Map<string, Response>
let sent: AssetReport[]
let relayIsUp: boolean
let reports: AssetReports
let work: Promise<unknown>[]

beforeEach(() => {
  now = 1_000_000
  stored = new Map()
  sent = []
  relayIsUp = true
  work = []
  reports = new AssetReports(
    {
      clock: { now: () => now, sleep: () => Promise.resolve() },
      fetch: (url, init) => {
        if (init.method === 'POST') {
          expect(url).toBe(`https://relay.example/.blackhole/api/v1/sites/${SITE}/assets`)
          if (!relayIsUp) return Promise.reject(new TypeError('Failed to fetch'))
          sent.push(JSON.parse(init.body as string) as AssetReport)
          return Promise.resolve(new Response(null, { status: 204 }))
        }
        expect([init.cache, init.mode]).toEqual(['only-if-cached', 'same-origin'])
        const found = stored.get(new URL(url).pathname)
        return found === undefined ? Promise.reject(new TypeError('not cached')) : Promise.resolve(found.clone())
      },
    },
    { site: SITE, relays: ['https://relay.example'], origin: ORIGIN },
  )
})

async function ask(
  path: string,
  init: { method?: string; headers?: HeadersInit; navigates?: boolean; pulled?: boolean } = {},
) {
  const { method = 'GET', headers = {}, navigates = false, pulled = true } = init
  const request = {
    request: { method, headers: new Headers(headers) },
    url: new URL(path, ORIGIN),
    navigates,
    waitUntil: (each: Promise<unknown>) => work.push(each),
  } as unknown as SiteRequest
  reports.asked(request, version(pulled))
  return await Promise.all(work)
}

test('paths that the browser has stored, or the zone has, are told, each once in a while', async () => {
  stored.set('/app.js', new Response('1', { headers: { 'Cache-Control': 'max-age=60' } }))
  stored.set('/mine.js', new Response('1', { headers: { 'Cache-Control': 'private, max-age=60' } }))
  stored.set('/page', new Response('1', { headers: { 'Content-Type': 'text/html' } }))
  await Promise.all(['/app.js', '/held.js', '/mine.js', '/page', '/not-stored.js'].map((path) => ask(path)))
  expect(sent).toEqual([{ paths: ['/app.js', '/held.js'], changed: [] }])
  await ask('/app.js')
  expect(sent).toHaveLength(1)
  now += 10 * 60_000
  await ask('/app.js')
  expect(sent).toHaveLength(2)
})

test('nothing is told of queries, other origins, documents, what has an account, and sites that their owners publish', async () => {
  for (const path of ['/app.js', '/api'])
    stored.set(path, new Response('1', { headers: { 'Cache-Control': 'max-age=60' } }))
  await ask('/app.js?user=1')
  await ask('https://other.example/app.js')
  await ask('/app.js', { navigates: true })
  await ask('/app.js', { method: 'HEAD' })
  await ask('/app.js', { headers: { Authorization: 'Basic x' } })
  await ask('/app.js', { headers: { Range: 'bytes=0-1' } })
  await ask('/app.js', { pulled: false })
  expect(sent).toEqual([])
})

test('what the origin changed is told at once, and what the relay did not hear is told again', async () => {
  await ask('/held.js')
  await reports.changed(new URL('/held.js', ORIGIN), version())
  expect(sent[1]).toEqual({ paths: ['/held.js'], changed: ['/held.js'] })
  relayIsUp = false
  now += 10 * 60_000
  await ask('/held.js')
  relayIsUp = true
  await ask('/held.js')
  expect(sent).toHaveLength(3)
})
