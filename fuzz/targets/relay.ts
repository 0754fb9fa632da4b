import { FellowReply, FellowRequest, FellowVerb, MAX_REPORTED_PATHS, parseAssetReport } from '@blackhole/protocol'
import fc from 'fast-check'
import {
  fellowAddress,
  isPrivateAddress,
  isWebSocket,
  peerOf,
} from '../../packages/relay/src/federation/fellow-address.ts'
import { parseVisitorReport } from '../../packages/relay/src/http/routes/report.ts'
import { assetPathOf, pathnameOf } from '../../packages/relay/src/pull/asset-path.ts'
import { ageOf, judgeAnswer, lifetimeOf, validationHeaders } from '../../packages/relay/src/pull/cache-rules.ts'
import { carriedHeaders } from '../../packages/relay/src/pull/carried-headers.ts'
import { headerLines, updatedHeaders } from '../../packages/relay/src/pull/header-lines.ts'
import { isPublicAddress } from '../../packages/relay/src/pull/public-address.ts'
import { bytes, textOf, texts, uint32, utf8 } from '../harness/samples.ts'
import { promised } from '../harness/target.ts'
import type { Target } from '../harness/target.ts'
import { messageTarget } from './messages.ts'

const fellowRequests = fc.record({
  verb: fc.constantFrom(FellowVerb.FELLOW_UNSPECIFIED, FellowVerb.FELLOW_GREET, FellowVerb.FELLOW_SWARM),
  proof: bytes(32),
  info: fc.oneof(fc.constant('{"peerId":"12D3","addresses":[]}'), texts(80)),
  site: texts(62),
  want: uint32,
})

const fellowReplies = fc.record({
  error: texts(80),
  proof: bytes(32),
  info: texts(80),
  peers: fc.array(fc.record({ id: bytes(40), have: uint32, total: uint32 }), { maxLength: 8 }),
  swarmPeers: uint32,
  swarmHolders: uint32,
})

/** What relays read of origins, of other relays, and of visitors' reports. */
export function relayTargets(): Target[] {
  return [
    messageTarget('fellow-request', 'a question of another relay (FellowRequest)', FellowRequest, fellowRequests),
    messageTarget('fellow-reply', "another relay's answer (FellowReply)", FellowReply, fellowReplies),
    relayAddress(),
    originHead(),
    assetPath(),
    assetReport(),
    visitorReport(),
  ]
}

function relayAddress(): Target {
  return {
    name: 'fellow-address',
    about: 'where another relay says it is, and whether that is of the internet',
    inputs: fc
      .constantFrom(
        'https://relay.example',
        'http://127.0.0.1:8080/',
        '/dns4/relay.example/tcp/443/wss',
        '/ip4/10.0.0.1/tcp/80/ws/p2p/12D3KooWGzBKvWNdkXNLmFEcrLKQHXpJZw1kP1QZFBWcB1bTB5yV',
        '/ip6/::1/tcp/1/ws',
        '::ffff:10.0.0.1',
        '8.8.8.8',
      )
      .map(utf8),
    words: ['/p2p-circuit', '/tls', '/ip6zone/a', '/dnsaddr/', 'localhost', '[::1]', '%25', '0x7f.1', '::', '/p2p/'],
    decode: (input) => {
      const text = textOf(input)
      const open = isPublicAddress(text)
      const address = fellowAddress(text)
      promised(isWebSocket(address), 'is a WebSocket')
      peerOf(address)
      return `${open ? 'public' : 'other'} ${isPrivateAddress(address) ? 'near' : 'far'}`
    },
  }
}

const fields = fc.oneof(
  fc.constantFrom(
    'Cache-Control: max-age=60, s-maxage="3600"',
    'Cache-Control: private="set-cookie, x", no-cache',
    'Expires: Sunday, 06-Nov-94 08:49:37 GMT',
    'Date: Sun, 06 Nov 1994 08:49:37 GMT',
    'Last-Modified: Sun Nov  6 08:49:37 1994',
    'Age: 12',
    'Vary: Accept-Encoding, *',
    'ETag: W/"a"',
    'Content-Type: text/css; charset=utf-8',
    'Content-Security-Policy: sandbox',
    'Set-Cookie: a=b',
  ),
  fc.tuple(texts(10), texts(30)).map((pair) => pair.join(':')),
)

function originHead(): Target {
  const time = Date.UTC(2026, 0, 2)
  return {
    name: 'origin-head',
    about: "an origin's answer to a pull zone: whether it may be kept, until when, and what of it is passed on",
    inputs: fc.array(fields, { maxLength: 12 }).map((lines) => utf8(lines.join('\n'))),
    words: ['max-age=', 's-maxage=1', '"', '\\', ', ', 'no-store', '9999999999999999', 'age:-1', '__proto__:1', 'GMT'],
    decode: (input) => {
      const raw = textOf(input)
        .split('\n')
        .flatMap((line) => [line.slice(0, Math.max(0, line.indexOf(':'))), line.slice(line.indexOf(':') + 1)])
      const headers = headerLines(raw)
      const head = { status: 200, headers, askedAt: time, answeredAt: time + 5 }
      promised(Number.isFinite(lifetimeOf(head)) && lifetimeOf(head) >= 0, 'is fresh for a finite time')
      const age = ageOf(head)
      promised(age === undefined || (age >= 0 && !Number.isNaN(age)), 'is of an age')
      validationHeaders(updatedHeaders(headers, headerLines(raw.slice(0, 8))))
      const { text } = carriedHeaders([['a.css', headers]])
      promised(!/[^\t\n\x20-\x7e]/.test(text), 'passes on nothing but ASCII')
      promised(!/^(?!\/)\S/m.test(text), 'adds no path to the rules')
      const judged = judgeAnswer(head)
      if (!judged.keep) return judged.reason
      promised(judged.freshUntil <= time + 2 ** 31 * 1000 + 5, 'is fresh for at most 68 years')
      return 'kept'
    },
  }
}

function assetPath(): Target {
  return {
    name: 'asset-path',
    about: "a URL path of a pull zone's asset",
    inputs: fc
      .oneof(
        fc.constantFrom('/a.css', '/%C3%BC/b.js', '/a%20b', '/x/../y', '/a%2Fb', '/.well-known/x', '/_headers'),
        texts(12).map((text) => `/${encodeURIComponent(text)}`),
      )
      .map(utf8),
    words: ['%2e%2e', '..', '%00', '//', '%25', ':', '*', '?', '#', 'index.html', '.blackhole/', '\\', '%5C'],
    decode: (input) => {
      const pathname = textOf(input)
      const path = assetPathOf(pathname)
      promised(pathnameOf(path) === pathname, 'has one spelling')
      promised(!path.split('/').some((part) => part === '..' || part === '.' || part === ''), 'stays in its folder')
      promised(new URL(pathname, 'http://origin/').host === 'origin', 'stays at its origin')
      return path.includes('/') ? 'below' : 'top'
    },
  }
}

function assetReport(): Target {
  return {
    name: 'asset-report',
    about: 'what a worker says that a page asked for (JSON)',
    inputs: fc
      .record({ paths: fc.array(fc.webPath(), { maxLength: 6 }), changed: fc.array(fc.webPath(), { maxLength: 2 }) })
      .map((report) => utf8(JSON.stringify(report))),
    words: ['"paths":[', '{"length":1}', '"__proto__":', 'null', '1e400'],
    allows: isJsonError,
    decode: (input) => {
      const { paths, changed } = parseAssetReport(JSON.parse(textOf(input)))
      promised(paths.length <= MAX_REPORTED_PATHS && changed.length <= MAX_REPORTED_PATHS, 'is a short list')
      promised(
        [...paths, ...changed].every((path) => typeof path === 'string' && path.startsWith('/')),
        'has paths',
      )
      return `${String(Math.min(2, paths.length))} ${String(Math.min(2, changed.length))}`
    },
  }
}

function visitorReport(): Target {
  const amount = fc.oneof(uint32, fc.constantFrom(-1, 0.5, 1e300, Number.MAX_SAFE_INTEGER))
  return {
    name: 'visitor-report',
    about: 'what a visitor who agreed says of its page loads (JSON)',
    inputs: fc
      .record({ peers: amount, http: amount, local: amount, loadMs: amount }, { requiredKeys: ['peers', 'http'] })
      .map((report) => utf8(JSON.stringify(report))),
    words: ['"loadMs":', '1e400', '-0', 'null', '{"valueOf":1}', '"__proto__":{"peers":1}'],
    allows: isJsonError,
    decode: (input) => {
      const value: unknown = JSON.parse(textOf(input))
      if (typeof value !== 'object' || value === null) return 'no object'
      const report = parseVisitorReport(value as Record<string, unknown>)
      promised(
        Object.values(report).every((amountOf) => Number.isFinite(amountOf) && amountOf >= 0),
        'has amounts',
      )
      return Object.keys(report).join(' ')
    },
  }
}

/** `readJson` of the relay makes an error of ours of it. */
function isJsonError(error: Error): boolean {
  return error instanceof SyntaxError
}
