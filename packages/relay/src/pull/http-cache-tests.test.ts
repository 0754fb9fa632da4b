import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SiteName } from '@blackhole/protocol'
import { expect, test } from 'vitest'
import { BlockVault } from '../content/block-vault.ts'
import { BlockFiles } from '../state/block-files.ts'
import { openDatabase } from '../state/database.ts'
import { AssetCache } from './asset-cache.ts'
import { linesOf } from './header-lines.ts'
import { resolveBySystem } from './origin-request.ts'
import { ZoneStore } from './zone-store.ts'

interface CaseRequest {
  readonly response_status?: readonly [number, string]
  readonly response_headers?: readonly (readonly [string, string | number])[]
  readonly expected_type?: 'cached' | 'not_cached' | 'etag_validated' | 'lm_validated'
  readonly expected_response_headers?: readonly (string | readonly [string, string | number])[]
  readonly disconnect?: boolean
  readonly rfc850date?: readonly string[]
  readonly pause_after?: boolean
}

interface Case {
  readonly suite: string
  readonly id: string
  readonly kind: 'required' | 'optimal' | 'check'
  readonly nginx: boolean
  readonly varnish: boolean
  readonly requests: readonly CaseRequest[]
}

const CASES = JSON.parse(
  readFileSync(new URL('http-cache-tests/cases.json', import.meta.url), 'utf8'),
) as readonly Case[]
const DATES = new Set(['date', 'expires', 'last-modified'])
const SITE = 'k51site' as SiteName

/** Required cases that end another way, because less is kept than could be: `docs/pull-zones.md` explains each. */
const STRICTER = [
  'age-parse-prefix',
  '304-etag-update-response-Content-Encoding',
  '304-etag-update-response-Content-Range',
  '304-etag-update-response-ETag',
  '304-etag-update-response-Set-Cookie',
  '304-etag-update-response-Set-Cookie2',
]

/** Milliseconds between two questions of a case that says so. */
const PAUSE_MS = 3_000

let laterMs = 0

/** A value as the origin of http-cache-tests writes it: dates are given in seconds from now. */
function valueOf(
  [name, value]: readonly [string, string | number],
  { rfc850date = [] }: CaseRequest,
  now: number,
): string {
  if (typeof value === 'string' || !DATES.has(name.toLowerCase())) return String(value)
  const text = new Date(Math.floor(now / 1000) * 1000 + value * 1000).toUTCString()
  if (!rfc850date.includes(name.toLowerCase())) return text
  const [, day = '', month = '', year = '', time = ''] = /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(text) ?? []
  const weekday = new Date(text).toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' })
  return `${weekday}, ${day}-${month}-${year.slice(2)} ${time} GMT`
}

/** The origin answers each question of a case as the case says. */
function answer(
  request: CaseRequest,
  previous: CaseRequest | undefined,
  asked: IncomingMessage,
  response: ServerResponse,
): void {
  if (request.disconnect === true) {
    response.socket?.destroy()
    return
  }
  const now = Date.now() + laterMs
  const sent = (name: string): string | undefined =>
    previous?.response_headers?.find(([each]) => each.toLowerCase() === name)?.[1].toString()
  let [status] = request.response_status ?? [200]
  if (request.expected_type?.endsWith('validated') === true) {
    const same =
      (sent('etag') !== undefined && asked.headers['if-none-match'] === sent('etag')) ||
      asked.headers['if-modified-since'] !== undefined
    status = same ? 304 : 999
  }
  response.sendDate = false
  for (const header of request.response_headers ?? []) response.appendHeader(header[0], valueOf(header, request, now))
  if (!response.hasHeader('content-type')) response.setHeader('Content-Type', 'text/plain')
  response.writeHead(status).end(status === 204 || status === 304 ? undefined : bodyOf(response))
}

/** As long as the case says that it is. */
function bodyOf(response: ServerResponse): string {
  return 'x'.repeat(Number(response.getHeader('content-length') ?? 4))
}

async function startOrigin() {
  const current: { request?: CaseRequest; previous?: CaseRequest | undefined; asked: IncomingMessage[] } = { asked: [] }
  const server = createServer((asked, response) => {
    current.asked.push(asked)
    if (current.request !== undefined) answer(current.request, current.previous, asked, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, current, origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` }
}

/** Plays a case: the path is asked for again and again, and comes from the cache or has to be pulled. */
async function play(
  { id, requests }: Case,
  cache: AssetCache,
  { current }: Awaited<ReturnType<typeof startOrigin>>,
): Promise<boolean> {
  const path = `${id}.txt`
  let passes = true
  for (const [index, request] of requests.entries()) {
    Object.assign(current, { request, previous: requests[index - 1], asked: [] })
    const cached = cache.isFresh(path)
    if (!cached) await cache.pull(path, new AbortController().signal)
    const asked = current.asked.at(-1)
    const { expected_type: expected } = request
    if (expected === 'cached') passes &&= cached
    if (expected === 'not_cached') passes &&= !cached
    if (expected === 'etag_validated') passes &&= asked?.headers['if-none-match'] !== undefined
    if (expected === 'lm_validated') passes &&= asked?.headers['if-modified-since'] !== undefined
    if (request.expected_response_headers !== undefined && expected !== 'not_cached') {
      const held = cache.assets.get(path)?.headers ?? {}
      for (const header of request.expected_response_headers) {
        const [name, value] = typeof header === 'string' ? [header] : header
        const found = linesOf(held, name.toLowerCase()).join(', ')
        passes &&= value === undefined ? found !== '' : DATES.has(name.toLowerCase()) || found === String(value)
      }
    }
    if (request.pause_after === true) laterMs += PAUSE_MS
  }
  return passes
}

/** `yes` and `no` where there is no right answer. */
function shown(kind: Case['kind'], passes: boolean): string {
  if (kind === 'check') return passes ? 'yes' : 'no'
  return passes ? 'pass' : kind === 'optimal' ? 'less than optimal' : 'other'
}

test(
  'the cases of http-cache-tests that apply to a pull zone come out as documented',
  { timeout: 60_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'blackhole-cache-tests-'))
    const now = (): number => Date.now() + laterMs
    const database = openDatabase(join(folder, 'state.sqlite'))
    const files = new BlockFiles(join(folder, 'blocks'))
    await files.open()
    const vault = new BlockVault({ database, files, now }, { quotaBytes: 1e9 })
    const origin = await startOrigin()
    try {
      const cache = new AssetCache(
        { vault, store: new ZoneStore(database), resolve: resolveBySystem, now },
        // Those cases are over in seconds: what is fresh for less than a version takes to arrive is kept here.
        { origin: origin.origin, site: SITE, folder, allowPrivate: true, minFreshMs: 0 },
      )
      const rows: string[] = []
      const failed: string[] = []
      for (const each of CASES) {
        const passes = await play(each, cache, origin)
        if (!passes && each.kind === 'required') failed.push(each.id)
        const results = [passes, each.nginx, each.varnish].map((result) => shown(each.kind, result))
        rows.push(`| ${each.suite} | ${each.id} | ${each.kind} | ${results.join(' | ')} |`)
      }
      const table = [
        '| suite | case | kind | pull zone | nginx | Varnish |',
        '| --- | --- | --- | --- | --- | --- |',
        ...rows,
      ]
      await expect(`${TABLE_HEAD}\n${table.join('\n')}\n`).toMatchFileSnapshot('../../../../docs/pull-zones-cases.md')
      expect(failed).toEqual(STRICTER)
    } finally {
      origin.server.closeAllConnections()
      origin.server.close()
      database.close()
      await rm(folder, { recursive: true, force: true })
    }
  },
)

const TABLE_HEAD = `# Pull zones and the cases of http-cache-tests

Written by \`packages/relay/src/pull/http-cache-tests.test.ts\`, which plays each case against a real origin. The results of
nginx and Varnish are those that http-cache-tests 0.4.5 publishes. What the differences mean stands in
[pull-zones.md](pull-zones.md#http-cache-tests).
`
