import { deepStrictEqual } from 'node:assert/strict'
import {
  BlackholeError,
  MAX_CHANNEL_CIDS,
  MAX_LOADED_URLS,
  errorFromWire,
  errorToWire,
  parsePageMessage,
  parseRelayInfo,
  parseWindowMessage,
  parseWorkerMessage,
} from '@blackhole/protocol'
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import {
  parseSiteList,
  parseMissing,
  parseSiteSummary,
  parseSwarmToken,
  parseUploadResult,
  parseVersions,
} from '../../packages/sdk/src/relay-client/parse-answers.ts'
import { cids, texts } from '../harness/samples.ts'
import { decodeTagged, encodeTagged } from '../harness/tagged-json.ts'
import { BrokenPromise, promised } from '../harness/target.ts'
import type { Target } from '../harness/target.ts'

const counts = fc.oneof(fc.nat(), fc.maxSafeNat())
const cidTexts = cids.map(String)
const someCids = fc.array(cidTexts, { maxLength: 5 })
const buffers = fc.nat(5_000).map((length) => new ArrayBuffer(length))
const roles = fc.constantFrom('host', 'guest')
const sources = fc.constantFrom('local', 'peers', 'http')

const flags = fc.array(fc.boolean(), { maxLength: 5 })
const paces = fc.record(
  { rttMs: counts, bytesPerSecond: counts, queuedBytes: counts, overHttp: fc.constant(true) },
  { requiredKeys: ['rttMs', 'bytesPerSecond', 'queuedBytes'] },
)

const pageMessages = fc.oneof(
  fc.record(
    { type: fc.constant('hello'), version: counts, role: roles, peers: counts, ahead: fc.constant(true) },
    { requiredKeys: ['type', 'version', 'role', 'peers'] },
  ),
  fc.record({ type: fc.constant('state'), role: roles, peers: counts }),
  fc.record(
    {
      type: fc.constant('head'),
      id: counts,
      available: flags,
      coming: flags,
      paces: fc.array(paces, { maxLength: 5 }),
    },
    { requiredKeys: ['type', 'id', 'available'] },
  ),
  fc.record({ type: fc.constant('chunk'), id: counts, cid: cidTexts, source: sources, data: buffers }),
  fc.record({ type: fc.constant('end'), id: counts }),
  fc.record({
    type: fc.constant('error'),
    id: counts,
    error: fc.constant({ name: 'NotFoundError', reason: 'missing', message: 'It was not found', subject: 'it' }),
  }),
  fc.record({ type: fc.constant('record'), record: buffers }),
  fc.record({ type: fc.constant('loaded'), urls: fc.array(fc.webUrl(), { maxLength: 5 }), root: cidTexts }),
)

const workerMessages = fc.oneof(
  fc.record({ type: fc.constant('hello'), version: counts }),
  fc.record(
    {
      type: fc.constant('request'),
      id: counts,
      cids: someCids,
      deadlineMs: counts,
      credit: counts,
      patient: fc.boolean(),
    },
    { requiredKeys: ['type', 'id', 'cids', 'deadlineMs', 'credit'] },
  ),
  fc.record({ type: fc.constant('credit'), id: counts, bytes: counts }),
  fc.record({ type: fc.constant('cancel'), id: counts, cids: someCids }),
  fc.record({ type: fc.constant('stored'), cids: someCids }),
  fc.record({
    type: fc.constant('ahead'),
    stream: texts(100),
    pieces: fc.array(
      fc.record({ cid: cidTexts, inMs: counts, asked: fc.constant(true) }, { requiredKeys: ['cid', 'inMs'] }),
      { maxLength: 5 },
    ),
  }),
  fc.record({ type: fc.constant('fetching'), cids: someCids, over: fc.boolean() }),
  fc.record({
    type: fc.constant('counters'),
    received: fc.record({ local: counts, peers: counts, http: counts }),
  }),
  fc.record({ type: fc.constant('busy'), busy: fc.boolean() }),
)

const windowMessages = fc.oneof(
  fc.constant({ type: 'blackhole:alive' }),
  fc.record({ type: fc.constant('blackhole:opt-out'), optedOut: fc.boolean() }),
  fc.record({ type: fc.constant('blackhole:connect'), version: counts, site: texts(62) }),
)

const name = 'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8'
const site = {
  name,
  alias: null,
  root: 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
  version: 3,
  files: 12,
  bytes: 40_000,
  peers: 2,
  updated: '2026-01-02T03:04:05.000Z',
  url: 'http://localhost:8080/',
}
const answers = fc.constantFrom<unknown>(
  site,
  { sites: [site] },
  { versions: [{ version: 1, root: site.root, published: site.updated }] },
  { missing: [site.root] },
  { stored: 3, bytes: 4_000 },
  { token: 'e30.e30.AAAA', expires: site.updated },
  {
    peerId: '12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA',
    version: '1.0.0',
    addresses: ['/dns4/localhost/tcp/8080/ws'],
    stun: ['stun:localhost:3478'],
    siteHost: 'localhost:8080',
    maxUploadBytes: 1_000_000,
    serving: true,
    url: 'http://localhost:8080/',
    fellows: [
      {
        peerId: '12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA',
        url: 'https://fellow.example/',
        addresses: ['/dns4/fellow.example/tcp/443/wss'],
      },
    ],
  },
)

/** What arrives as values: over the port between page and worker, or as JSON from a relay. */
export function channelTargets(): Target[] {
  return [
    valueTarget('page-message', "the page's messages to the worker", pageMessages, (value) => {
      const message = parsePageMessage(value)
      if (message.type === 'loaded') promised(message.urls.length <= MAX_LOADED_URLS, 'has at most so many URLs')
      return again(message, parsePageMessage).type
    }),
    valueTarget('worker-message', "the worker's messages to the page", workerMessages, (value) => {
      const message = parseWorkerMessage(value)
      if (message.type === 'request') promised(message.cids.length <= MAX_CHANNEL_CIDS, 'has at most so many CIDs')
      return again(message, parseWorkerMessage).type
    }),
    valueTarget('window-message', 'what any script posts to the worker', windowMessages, (value) => {
      const message = parseWindowMessage(value)
      return message === undefined ? 'none' : (again(message, parseWindowMessage)?.type ?? 'lost')
    }),
    valueTarget(
      'wire-error',
      'an error of the other side',
      fc.constant({ name: 'LimitError', reason: 'limit', message: 'Too many', subject: 'many' }),
      (value) => {
        const error = errorFromWire(value)
        promised(error instanceof BlackholeError && error.message.length <= 500, 'is an error with a short message')
        const wire = errorToWire(error)
        promised(errorFromWire(wire).name === error.name, 'keeps its name')
        return `${wire.name} ${wire.reason}`
      },
    ),
    valueTarget('relay-answer', 'what a relay answers over HTTP', answers, (value) => {
      const parsers = [
        parseSiteSummary,
        parseSiteList,
        parseVersions,
        (answer: unknown) => parseMissing(answer, new Set([site.root])),
        parseUploadResult,
        parseSwarmToken,
        parseRelayInfo,
      ]
      return parsers.map((parse) => accepted(() => parse(value))).join('')
    }),
  ]
}

/** 1: it was accepted. 0: it was refused with an error of ours. */
function accepted(parse: () => unknown): number {
  try {
    parse()
    return 1
  } catch (error) {
    if (error instanceof BlackholeError && error.message.length <= 2_000) return 0
    throw error
  }
}

/** What was accepted once is accepted again, unchanged. */
function again<T>(message: T, parse: (value: unknown) => T): T {
  const second = parse(message)
  try {
    deepStrictEqual(second, message)
  } catch (cause) {
    throw new BrokenPromise('is the same when it is read again', { cause })
  }
  return second
}

function valueTarget(
  targetName: string,
  about: string,
  values: Arbitrary<unknown>,
  read: (value: unknown) => string,
): Target {
  const strange = fc.anything({
    maxDepth: 3,
    withBigInt: true,
    key: fc.constantFrom('type', 'id', 'cids', 'toString', 'valueOf', 'error', 'version', 'length', 'name'),
  })
  // A good message of which a field is strange, or something strange altogether.
  const mixed = fc
    .tuple(values, fc.option(fc.tuple(fc.nat(), strange), { freq: 2 }), strange, fc.nat(9))
    .map(([value, change, other, which]) => {
      if (which === 0) return other
      if (change === null || typeof value !== 'object' || value === null) return value
      const keys = Object.keys(value)
      return { ...value, [keys[change[0] % keys.length] ?? 'type']: change[1] }
    })
  return {
    name: targetName,
    about,
    inputs: mixed.map(encodeTagged),
    words: ['{"$":"undefined"}', '{"$":"bigint","text":"1"}', '{"toString":1}', '[', '{"$":"buffer","length":3000000}'],
    decode: (input) => {
      const decoded = decodeTagged(input)
      return decoded === undefined ? 'not JSON' : read(decoded.value)
    },
  }
}
