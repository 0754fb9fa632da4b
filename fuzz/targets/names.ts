import { MAX_PATH_BYTES, parseByteSize, parseCid, parseSiteName } from '@blackhole/protocol'
import { findFile, hasLoaderTag, injectLoader, loaderTag, parseDnsLink } from '@blackhole/site'
import { cspBlocksLoader, metaPolicies } from '@blackhole/site'
import { RELAY_OPTIONS, parseRelayConfig, variableOf } from '@blackhole/relay'
import { parseWorkerConfig } from '@blackhole/sw'
import fc from 'fast-check'
import { parseContentPath } from '../../packages/relay/src/gateway/content-path.ts'
import { openDatabase } from '../../packages/relay/src/state/database.ts'
import { SiteTable } from '../../packages/relay/src/state/site-table.ts'
import { parsePageConfig } from '../../packages/sdk/src/browser/page-config.ts'
import { isContentPath } from '../../packages/sw/src/handlers/content-path.ts'
import { cids, sampleSite, textOf, texts, utf8 } from '../harness/samples.ts'
import { MAX_INPUT_BYTES, promised } from '../harness/target.ts'
import type { Target } from '../harness/target.ts'

/** Names and addresses that strangers write, and the options that owners and operators do. */
export async function nameTargets(): Promise<Target[]> {
  const site = await sampleSite()
  return [contentPath(site), name(site), workerConfig(site), pageConfig(site), relayConfig(), html(site)]
}

function contentPath(site: string): Target {
  const parts = fc.array(fc.oneof(fc.constantFrom('index.html', '%C3%BC', 'a%2Fb', '..', '%2e%2e'), texts(8)), {
    maxLength: 4,
  })
  const sites = new SiteTable(openDatabase(':memory:'))
  return {
    name: 'content-path',
    about: 'a CID or a name in the path of a URL',
    inputs: fc
      .tuple(
        fc.oneof(
          cids.map((cid) => `/ipfs/${cid.toString()}`),
          fc.constant(`/ipns/${site}`),
        ),
        parts,
      )
      .map(([start, rest]) => utf8([start, ...rest].join('/'))),
    words: ['/ipfs/', '/ipns/', 'Qm', 'z', 'f01551220', '%', '%00', '..', '%2e%2e', '\\', 'k51'],
    decode: (input) => {
      const path = `/${textOf(input).replace(/^\//, '')}`
      isContentPath(path, 'hosted')
      isContentPath(path, 'tag')
      findFile({ files: {} }, path)
      const { root, path: below } = parseContentPath(path, sites)
      promised(!below.split('/').includes('..'), 'does not lead upwards')
      promised(below.length <= MAX_PATH_BYTES * 16, 'is no longer than the URL')
      return `${String(root.version)} ${String(root.code)}`
    },
  }
}

function name(site: string): Target {
  return {
    name: 'name',
    about: "a site's name, a CID, a DNSLink, a size",
    inputs: fc
      .oneof(fc.constantFrom(site, `dnslink=/ipns/${site}`, '500k', '2M'), cids.map(String), texts(20))
      .map(utf8),
    words: ['dnslink=/ipns/', 'dnslink=', 'k51', 'bafz', 'Qm', 'G'],
    decode: (input) => {
      const text = textOf(input)
      const size = parseByteSize(text)
      promised(size === undefined || (Number.isSafeInteger(size) && size >= 0), 'is a whole number of bytes')
      const link = parseDnsLink([text])
      if (link !== undefined) promised(parseSiteName(link) === link, 'links to a site')
      if (text.startsWith('k51')) return parseSiteName(text) === text ? 'site' : 'other'
      return `CID ${String(parseCid(text).code)}`
    },
  }
}

function workerConfig(site: string): Target {
  const query = fc
    .array(
      fc.constantFrom(
        'relay=https://relay.example',
        'mode=hosted',
        'mode=tag',
        'sample=0.5',
        'storage=2M',
        'takeover=1',
      ),
      { maxLength: 10 },
    )
    .map((pairs) => utf8([`site=${site}`, ...pairs].join('&')))
  return {
    name: 'worker-config',
    about: "the worker's configuration in the query of its URL",
    inputs: query,
    words: ['relay=', 'relay=javascript:', 'site=', '&', 'sample=NaN', 'storage=-1', '%00', 'http://a@b', 'mode='],
    decode: (input) => {
      const url = new URL('https://site.example/blackhole-sw.js')
      url.search = textOf(input)
      const config = parseWorkerConfig(url)
      promised(config.relays.length <= 8, 'has at most 8 relays')
      promised(
        config.relays.every((relay) => /^https?:/.test(relay)),
        'has relays at web addresses',
      )
      promised(Number.isSafeInteger(config.storageBytes), 'has a whole number of bytes')
      return `${config.mode} ${String(config.relays.length)} ${String(config.takeover)}`
    },
  }
}

function pageConfig(site: string): Target {
  const data = fc.record(
    {
      uploadLimit: fc.constantFrom('500k', '1M', '0', ''),
      storageLimit: fc.constantFrom('500M', '1G'),
      maxPeers: fc.constantFrom('10', '0'),
      seed: fc.constantFrom('all', 'visited'),
      widget: fc.constantFrom('', 'false'),
      relayOnly: fc.constant(''),
    },
    { requiredKeys: [] },
  )
  return {
    name: 'page-config',
    about: "a tag's attributes",
    inputs: data.map((some) => utf8(JSON.stringify({ site, relays: ['https://relay.example'], data: some }))),
    words: ['"maxPeers":"', '"uploadLimit":"1e9"', '"http://a@b"', '-1', '"data":{}', '"relays":[]'],
    decode: (input) => {
      const loader = loaderConfig(textOf(input))
      if (loader === undefined) return 'not attributes'
      const config = parsePageConfig(loader)
      promised(Number.isSafeInteger(config.storageBytes) && config.storageBytes >= 0, 'has a whole number of bytes')
      return Object.keys(config.settings).sort().join(' ')
    },
  }
}

/** What a tag can say at all: texts. */
function loaderConfig(text: string): Parameters<typeof parsePageConfig>[0] | undefined {
  try {
    const { site, relays, data } = JSON.parse(text) as Record<string, unknown>
    if (!Array.isArray(relays) || typeof data !== 'object' || data === null) return undefined
    return {
      site: String(site),
      relays: relays.map(String),
      data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, String(value)])),
    }
  } catch {
    return undefined
  }
}

function relayConfig(): Target {
  const pairs = fc.constantFrom(
    'BLACKHOLE_PORT=8080',
    'BLACKHOLE_PUBLIC_URL=https://relay.example',
    'BLACKHOLE_LOG_LEVEL=info',
    'BLACKHOLE_SITE_HOST=sites.example',
    ...RELAY_OPTIONS.map(({ name: option }) => `${variableOf(option)}=1`),
  )
  return {
    name: 'relay-config',
    about: "a relay's options in environment variables",
    inputs: fc.array(pairs, { maxLength: 6 }).map((lines) => utf8(lines.join('\n'))),
    words: [...RELAY_OPTIONS.map(({ name: option }) => `\n${variableOf(option)}=`), '-1', '1e9', 'http://', 'k51'],
    decode: (input) => {
      const env = Object.fromEntries(
        textOf(input)
          .split('\n')
          .map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]),
      )
      const init = parseRelayConfig({ env })
      promised(init.port >= 0 && init.port <= 65_535, 'has a port')
      return Object.keys(env).sort().join(' ').slice(0, 100)
    },
  }
}

function html(site: string): Target {
  const part = fc.constantFrom(
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<script src="/x.js"></script>',
    '<script async src="/.blackhole/blackhole.js">',
    '<!-- comment -->',
    `<meta http-equiv="Content-Security-Policy" content="script-src 'self'">`,
    '</head><body>',
    '<svg>',
  )
  const tag = loaderTag(site as Parameters<typeof loaderTag>[0])
  return {
    name: 'html',
    about: 'a document on its way: where the loader tag goes, and what policies it has',
    inputs: fc.oneof(
      { weight: 20, arbitrary: fc.array(part, { maxLength: 8 }).map((parts) => utf8(parts.join('\n'))) },
      // The beginning of a tag as often as it fits: a pattern that starts again at each reads the rest each time.
      {
        weight: 1,
        arbitrary: fc
          .constantFrom('<script ', '<script src=a ', '<meta ', '<meta "', '<!--', '<head ', '< ')
          .map((start) => utf8(start.repeat(MAX_INPUT_BYTES / start.length))),
      },
    ),
    words: [
      '<script ',
      ' src=',
      '<!--',
      '-->',
      '<meta ',
      '"',
      "'",
      '<head',
      '>',
      '<',
      ' http-equiv=',
      'blackhole.js',
      '=',
    ],
    decode: async (input) => {
      const found = hasLoaderTag(input)
      const out = new Uint8Array(await new Response(injectLoader(streamOf(input), tag)).arrayBuffer())
      const added = out.byteLength - input.byteLength
      promised(added === 0 || added === utf8(tag).byteLength, 'adds the tag and nothing else')
      promised(!found || added === 0, 'adds no second tag')
      const at = added === 0 ? input.byteLength : Buffer.from(out).indexOf(tag)
      const rest = Buffer.concat([out.subarray(0, at), out.subarray(at + added)])
      promised(added === 0 || rest.equals(input) || found, 'leaves what was there as it is')
      const policies = metaPolicies(textOf(input))
      const problems = cspBlocksLoader(policies, { origin: 'https://site.example' })
      return `${found ? 'has it' : added > 0 ? 'added' : 'left'} ${String(Math.min(2, problems.length))}`
    },
  }
}

function streamOf(input: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < input.byteLength; at += 10_000) controller.enqueue(input.slice(at, at + 10_000))
      controller.close()
    },
  })
}
