import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { SiteName } from '@blackhole/protocol'
import { describe, expect, test } from 'vitest'
import { cspBlocksLoader, metaPolicies } from './content-security-policy.ts'
import { findHeadPosition } from './head-position.ts'
import { SCAN_BYTES, hasLoaderTag, injectLoader, loaderTag } from './inject-loader.ts'

const TAG = '<T>'

async function inject(html: string | Uint8Array, size = Infinity, tag = TAG): Promise<string> {
  return Buffer.from(await injectBytes(html, size, tag)).toString('utf8')
}

async function injectBytes(html: string | Uint8Array, size = Infinity, tag = TAG): Promise<Uint8Array> {
  const bytes = typeof html === 'string' ? new TextEncoder().encode(html) : html
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
  const parts: Uint8Array[] = []
  for await (const part of injectLoader(source, tag)) parts.push(part)
  return Buffer.concat(parts)
}

describe('where the tag goes', () => {
  test.each([
    [
      '<!doctype html><html><head><title>x</title></head><body></body></html>',
      '<!doctype html><html><head><title>x</title>|</head><body></body></html>',
    ],
    // behind what the page itself needs first
    [
      '<head><meta charset="utf-8"><link rel=stylesheet href=a.css><script src="b.js"></script></head><body>',
      '<head><meta charset="utf-8"><link rel=stylesheet href=a.css><script src="b.js"></script>|</head><body>',
    ],
    [
      '<head><!-- </head> --><title></head></title><style>/*</head>*/</style><script>"</head>"</script></HEAD ><body>',
      '<head><!-- </head> --><title></head></title><style>/*</head>*/</style><script>"</head>"</script>|</HEAD ><body>',
    ],
    ['<head><link title="</head>"></head>', '<head><link title="</head>">|</head>'],
    // where what stands before the tag would change what it means, or the head ends otherwise
    ['<head><base href="https://a.example/"></head>', '<head>|<base href="https://a.example/"></head>'],
    [
      '<head><meta http-equiv="Content-Security-Policy" content="script-src https:"></head>',
      '<head>|<meta http-equiv="Content-Security-Policy" content="script-src https:"></head>',
    ],
    ['<head><title>x</title><p>in the body</head>', '<head>|<title>x</title><p>in the body</head>'],
    ['<head><script>never closed</head>', '<head>|<script>never closed</head>'],
    ['<head><!-- never closed </head>', '<head>|<!-- never closed </head>'],
    ['<head><link></body>', '<head>|<link></body>'],
    [
      '<!DOCTYPE HTML><HTML LANG=en><HEAD data-x="a>b">\n</HEAD>',
      '<!DOCTYPE HTML><HTML LANG=en><HEAD data-x="a>b">\n|</HEAD>',
    ],
    ["<head data-x='>\"'>", "<head data-x='>\"'>|"],
    ['<html><header>top</header>', '<html>|<header>top</header>'],
    ['<header>top</header>', '|<header>top</header>'],
    ['<!doctype html><meta charset=utf-8><p>x', '<!doctype html>|<meta charset=utf-8><p>x'],
    [
      '<!-- <head> --><!doctype html>\n<!-- > --><html>\n<!-- c --><head>x',
      '<!-- <head> --><!doctype html>\n<!-- > --><html>\n<!-- c --><head>|x',
    ],
    ['<?xml version="1.0"?><!DOCTYPE html><html><head/>', '<?xml version="1.0"?><!DOCTYPE html><html><head/>|'],
    ['\ufeff<!doctype html><head>', '\ufeff<!doctype html><head>|'],
    ['\ufeff<p>', '\ufeff|<p>'],
    ['plain text', '|plain text'],
    ['<body><head>', '|<body><head>'],
    ['', '|'],
    ['<!-- never closed <head>', '|<!-- never closed <head>'],
    ['<html><script>"<head>"</script>', '<html>|<script>"<head>"</script>'],
  ])('%j', async (html, expected) => {
    const wanted = expected.replace('|', TAG)
    expect(await inject(html)).toBe(wanted)
    // however it is cut
    for (const size of [1, 2, 3, 5, 7]) expect(await inject(html, size)).toBe(wanted)
  })

  test('what is there stays byte for byte, whatever the encoding', async () => {
    const latin = Uint8Array.from([
      ...new TextEncoder().encode('<head><title>'),
      0xe9,
      0xff,
      0x80,
      0x00,
      ...new TextEncoder().encode('</title></head>'),
    ])
    const out = await injectBytes(latin)
    expect(Buffer.from(out).toString('latin1')).toBe(
      Buffer.from(latin).toString('latin1').replace('</head>', `${TAG}</head>`),
    )
  })

  test('UTF-16 passes as it is', async () => {
    for (const bytes of [Buffer.from('\ufeff<head>', 'utf16le'), Buffer.from('\ufeff<head>', 'utf16le').swap16()]) {
      expect(Buffer.compare(await injectBytes(bytes), bytes)).toBe(0)
    }
  })

  test('only the beginning is looked through and held back', async () => {
    const html = `<html>${' '.repeat(SCAN_BYTES)}<head>`
    expect(await inject(html, 1000)).toBe(`<html>${TAG}${' '.repeat(SCAN_BYTES)}<head>`)
    expect(findHeadPosition(' '.repeat(10))).toBe(0)
  })

  test('a large body streams on after the head', async () => {
    const seen: number[] = []
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (seen.length > 50) controller.close()
        else
          controller.enqueue(
            new TextEncoder().encode(seen.length === 0 ? '<head></head><body>' : 'x'.repeat(SCAN_BYTES)),
          )
        seen.push(seen.length)
      },
    })
    const reader = injectLoader(source, TAG).getReader()
    const first = await reader.read()
    expect(new TextDecoder().decode(first.value)).toBe('<head>')
    expect(seen.length).toBeLessThan(10)
    await reader.cancel()
  })
})

describe('documents that have the tag', () => {
  test.each([
    '<head><script async src="https://relay.example/blackhole.js" data-site="k51"></script></head>',
    "<head><SCRIPT data-site=k SRC='/.blackhole/blackhole.js?x=1'></SCRIPT></head>",
    '<head></head><body><p><script src=blackhole.js></script>',
  ])('%s', async (html) => {
    expect(hasLoaderTag(html)).toBe(true)
    expect(await inject(html, 4)).toBe(html)
  })

  test.each([
    '<script src="notblackhole.js">',
    '<script src="blackhole.json">',
    '<!-- <script src="blackhole.js"> -->',
    '<script>"blackhole.js"</script>',
  ])('not this one: %s', (html) => {
    expect(hasLoaderTag(html)).toBe(false)
  })

  test('the tag that we add is one', async () => {
    const tag = loaderTag('k51qzi5uqu5d' as SiteName)
    expect(hasLoaderTag(tag)).toBe(true)
    const once = await inject('<head></head>', Infinity, tag)
    expect(await inject(once, Infinity, tag)).toBe(once)
  })
})

test.each(['startbootstrap-sb-admin-2/index.html', 'admin-lte/index.html', 'html5-boilerplate/dist/index.html'])(
  'real page %s',
  async (path) => {
    const [name = '', ...rest] = path.split('/')
    const html = await readFile(
      join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), ...rest),
      'utf8',
    )
    const out = await inject(html, 16_384)
    expect(out).toBe(html.replace('</head>', `${TAG}</head>`))
    expect(out).not.toBe(html)
  },
)

describe('Content-Security-Policy', () => {
  const target = { origin: 'https://site.example', connect: ['wss://relay.example', 'https://relay.example'] }
  const blocks = (policy: string, to = target): string[] =>
    cspBlocksLoader([policy], to).map((problem) => problem.blocks)

  test.each([
    ['', []],
    ["img-src 'none'", []],
    ["default-src 'self' wss://relay.example https://relay.example", []],
    ["default-src 'self'; connect-src *", []],
    ["default-src 'none'", ['script', 'worker', 'connection']],
    ["script-src 'none'", ['script', 'worker']],
    ["script-src 'self'", []],
    ["script-src 'self'; script-src-elem https://cdn.example", ['script']],
    ["script-src 'nonce-abc'", ['script', 'worker']],
    ["script-src 'self' 'strict-dynamic' 'nonce-abc'", ['script']],
    ["worker-src 'none'", ['worker']],
    ["child-src blob:; script-src 'self'", ['worker']],
    ['connect-src https:', []],
    ["connect-src 'self'", ['connection']],
    ["connect-src 'self' https://relay.example", []],
    ["connect-src 'self' *.example", []],
    ["connect-src 'self' https://*.other", ['connection']],
    ["webrtc 'block'", ['webrtc']],
    ['sandbox allow-scripts', ['script']],
    ['sandbox allow-scripts allow-same-origin', []],
    ["require-trusted-types-for 'script'", ['worker']],
    ["SCRIPT-SRC 'Self'; script-src 'none'", []],
    ["script-src 'self', script-src 'none'", ['script', 'worker']],
  ])('%s blocks %j', (policy, expected) => {
    expect([...new Set(blocks(policy))]).toEqual(expected)
  })

  test('scripts from a relay', () => {
    const remote = { ...target, scripts: 'https://relay.example:8443' }
    expect(blocks("script-src 'self'", remote)).toEqual(['script'])
    expect(blocks("script-src 'self' https://relay.example:8443", remote)).toEqual([])
    expect(blocks("script-src 'self' https://relay.example:*", remote)).toEqual([])
    expect(blocks("script-src 'self' relay.example", remote)).toEqual(['script'])
    expect(blocks("script-src 'self' https://relay.example:8443/.blackhole/", remote)).toEqual([])
    expect(blocks("script-src 'self' https://relay.example:8443/js/", remote)).toEqual(['script'])
  })

  test('a problem says what to change', () => {
    expect(cspBlocksLoader(["script-src 'none'"], target)[0]).toEqual({
      directive: "script-src 'none'",
      blocks: 'script',
      message: "add 'self' to script-src",
    })
  })

  test('meta tags', () => {
    expect(
      metaPolicies(`<head><!-- <meta http-equiv="Content-Security-Policy" content="x"> -->
        <meta charset=utf-8><META content="default-src &#39;self&#39;; img-src https: data:" HTTP-EQUIV='content-security-policy'>
        <meta http-equiv=refresh content=5>`),
    ).toEqual(["default-src 'self'; img-src https: data:"])
  })
})
