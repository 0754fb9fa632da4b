import { ValidationError } from '@blackhole/protocol'
import { expect, it } from 'vitest'
import { WORKER_DEFAULTS, parseWorkerConfig } from './config.ts'

const site = 'k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r'
const at = (query: string): URL => new URL(`http://site.localhost:8080/blackhole-sw.js?${query}`)

it('reads the query of the registration', () => {
  expect(
    parseWorkerConfig(at(`site=${site}&relay=https://a.example/x&relay=https://b.example&sample=0.5&storage=2M`)),
  ).toEqual({
    site,
    relays: ['https://a.example', 'https://b.example'],
    mode: 'tag',
    sampleRate: 0.5,
    storageBytes: 2 * 1024 * 1024,
    takeover: true,
  })
})

it('takes the own origin of a hosted site as its nearest relay, once', () => {
  const { relays } = parseWorkerConfig(
    at(`site=${site}&mode=hosted&relay=http://site.localhost:8080&relay=https://b.example`),
  )
  expect(relays).toEqual(['http://site.localhost:8080', 'https://b.example'])
})

it("reads the global of an owner's own worker, and then leaves taking over to it", () => {
  const config = parseWorkerConfig(at(''), { site, relay: ['https://a.example'] })
  expect(config).toMatchObject({
    site,
    relays: ['https://a.example'],
    takeover: false,
    sampleRate: WORKER_DEFAULTS.sampleRate,
  })
})

it.each([
  ['no site', '', /worker site/],
  ['another kind of name', 'site=example', /worker site/],
  ['a storage that is no size', `site=${site}&storage=lots`, /worker storage/],
  ['an unknown mode', `site=${site}&mode=fast`, /worker mode/],
  ['a relay that is not on the web', `site=${site}&relay=ftp://a.example`, /worker relay/],
  ['a relay with a password', `site=${site}&relay=https://u:p@a.example`, /worker relay/],
  [
    'too many relays',
    `site=${site}&${Array.from({ length: 9 }, (_, i) => `relay=https://${String(i)}.example`).join('&')}`,
    /worker relay/,
  ],
  ['a rate above 1', `site=${site}&sample=2`, /worker sample/],
  ['an empty rate', `site=${site}&sample=`, /worker sample/],
])('refuses %s, naming it', (_, query, message) => {
  expect(() => parseWorkerConfig(at(query))).toThrow(ValidationError)
  expect(() => parseWorkerConfig(at(query))).toThrow(message)
})
