import { MAX_RULES_FILE_BYTES } from '@blackhole/protocol'
import { describe, expect, test } from 'vitest'
import { parseRedirects } from './redirects.ts'
import { resolvePath } from './resolve-path.ts'
import { NO_RULES, readSiteRules } from './site-rules.ts'
import type { SiteRules } from './site-rules.ts'

function manifestOf(...paths: string[]): { files: Record<string, { cid: string; size: number; type: string }> } {
  return {
    files: Object.fromEntries(paths.map((path) => [path, { cid: `cid of ${path}`, size: 1, type: 'text/html' }])),
  }
}

function rulesOf(text: string): SiteRules {
  return readSiteRules({ redirects: new TextEncoder().encode(text) })
}

/** Shorter forms for expectations. */
function outcome(files: string[], rules: string, path: string, search = ''): string {
  const result = resolvePath(manifestOf(...files), rulesOf(rules), path, search)
  if (result.type === 'redirect') return `${result.status} ${result.location}`
  return result.type === 'file' ? `${result.status} = ${result.path}` : `${result.status} ${result.message}`
}

// The fixture of ipfs/gateway-conformance (redirects_file) and of the specification's appendix.
const EXAMPLES = `/redirect-one /one.html
/301-redirect-one /one.html 301
/302-redirect-two /two.html 302
/200-index /index.html 200
/posts/:year/:month/:day/:title /articles/:year/:month/:day/:title 301
/splat/* /redirected-splat/:splat 301
/not-found/* /404.html 404
/gone/* /410.html 410
/unavail/* /451.html 451
/* /index.html 200
`
const SITE = [
  '404.html',
  '410.html',
  '451.html',
  '_redirects',
  'articles/2022/01/01/hello-world',
  'index.html',
  'one.html',
  'redirected-splat/one.html',
  'two.html',
]

describe('IPFS Web _redirects File Specification: gateway-conformance TestRedirectsFileSupport', () => {
  test.each([
    ['/redirect-one', '301 /one.html'],
    ['/301-redirect-one', '301 /one.html'],
    ['/302-redirect-two', '302 /two.html'],
    ['/200-index', '200 = index.html'],
    ['/posts/2022/01/01/hello-world', '301 /articles/2022/01/01/hello-world'],
    ['/splat/one.html', '301 /redirected-splat/one.html'],
    ['/not-found/has-no-redirects-entry', '404 = 404.html'],
    ['/gone/has-no-redirects-entry', '410 = 410.html'],
    ['/unavail/has-no-redirects-entry', '451 = 451.html'],
    ['/catch-all', '200 = index.html'],
    // existing files are never shadowed
    ['/one.html', '200 = one.html'],
    ['/', '200 = index.html'],
  ])('%s gives %s', (path, expected) => {
    expect(outcome(SITE, EXAMPLES, path)).toBe(expected)
  })

  test('a forced redirect makes the file invalid, and what is not there answers 500', () => {
    const result = resolvePath(manifestOf('found.html'), rulesOf('/hello /world 200!'), '/not-found')
    expect(result).toMatchObject({ type: 'none', status: 500 })
    expect(result.type === 'none' && result.message).toMatch(
      /could not parse _redirects:.*forced redirects \(or "shadowing"\) are not supported/,
    )
  })

  test('a file that is too large does too', () => {
    const large = `#${'x'.repeat(MAX_RULES_FILE_BYTES)}\n`
    const result = resolvePath(manifestOf('found.html'), rulesOf(large), '/not-found')
    expect(result).toMatchObject({ type: 'none', status: 500 })
    expect(result.type === 'none' && result.message).toMatch(
      /could not parse _redirects: redirects file size cannot exceed/,
    )
  })

  test('one that was cut off past the bound, inside of a letter, is too large as well', () => {
    const cut = new TextEncoder().encode('\u00e9'.repeat(MAX_RULES_FILE_BYTES)).subarray(0, MAX_RULES_FILE_BYTES + 1)
    expect(readSiteRules({ redirects: cut }).redirectsError).toContain('redirects file size cannot exceed')
    expect(readSiteRules({ headers: cut }).headersError).toContain('cannot exceed')
  })

  test('64 KiB exactly is allowed', () => {
    expect(parseRedirects(`#${'x'.repeat(MAX_RULES_FILE_BYTES - 1)}`)).toEqual([])
  })

  test('a bad file does not matter for what is there', () => {
    expect(outcome(['found.html'], '/redirect /to 999', '/found.html')).toBe('200 = found.html')
  })

  test('CRLF line ends', () => {
    expect(outcome([], '/redirect-one /one.html\r\n/* /two 302\r\n', '/redirect-one')).toBe('301 /one.html')
  })

  test.each([200, 301, 302, 303, 307, 308, 404, 410, 451])('status %i is supported', (status) => {
    expect(parseRedirects(`/a /b ${status}`)).toMatchObject([{ to: '/b', status }])
  })
})

describe('parse errors name the line', () => {
  test.each([
    ['# c\n/only-from', "line 2: missing 'to' path"],
    ['/a /b 301 extra', "line 1: must match format 'from to [status]'"],
    ['a /b', "line 1: 'from' path must begin with '/'"],
    ['\n\n/a/*/b /c', "line 3: 'from' path can only end with splat"],
    ['/a* /c', "line 1: 'from' path can only end with splat"],
    ['/a /b 42', 'line 1: status code 42 is not supported'],
    ['/a /b 2e2x', 'line 1: status code 2e2x is not supported'],
    [`/a /b ${'9'.repeat(5_000)}`, `line 1: status code ${'9'.repeat(100)}… is not supported`],
    [`/${'a'.repeat(5_000)}`, `line 1: missing 'to' path: "/${'a'.repeat(99)}…"`],
    ['/a javascript:alert(1)', "line 1: 'to' can't be a javascript: URL"],
    ['/a b', "line 1: 'to' must be a path"],
    ['/a https://example.com 200', "line 1: 'to' must be a path of the site for status 200"],
  ])('%j', (text, message) => {
    expect(() => parseRedirects(text)).toThrow(`could not parse _redirects: ${message}`)
  })

  test('bytes that are not UTF-8', () => {
    expect(readSiteRules({ redirects: Uint8Array.of(0xff, 0xfe, 0xfd) }).redirectsError).toBeDefined()
  })
})

describe('matching', () => {
  test.each([
    ['/posts/* /articles/:splat', '/posts', '301 /articles/'],
    ['/posts/* /articles/:splat', '/posts/', '301 /articles/'],
    ['/posts/* /articles/:splat', '/posts/a/b/', '301 /articles/a/b/'],
    ['/posts/* /articles/:splat', '/postscript', '404 There is nothing at this address'],
    ['/a/ /b', '/a', '301 /b'],
    ['/a /b', '/a/', '301 /b'],
    ['/a/:x /b?y=:x', '/a/1', '301 /b?y=1'],
    ['/a/:x/c /b', '/a/c', '404 There is nothing at this address'],
    ['/:a/:b /:b/:a 302', '/x/y', '302 /y/x'],
    ['/first /1\n/first /2\n/* /3', '/first', '301 /1'],
    ['/out/* https://example.com/:splat 308', '/out/a%20b', '308 https://example.com/a%20b'],
    // decoded on both sides
    ['/caf\u00e9 /menu', '/caf%C3%A9', '301 /menu'],
    ['/caf%C3%A9 /menu', '/caf%C3%A9', '301 /menu'],
    ['/x /caf\u00e9', '/x', '301 /caf%C3%A9'],
    // a splat can't name another host
    ['/go/* /:splat', '/go//evil.example', '301 /evil.example'],
    ['/go/* /:splat', '/go/\\evil.example', '301 /evil.example'],
    ['/go/* /:splat', '/go/%5Cevil.example', '301 /%5Cevil.example'],
  ])('rule %j, path %j', (rule, path, expected) => {
    expect(outcome([], rule, path)).toBe(expected)
  })

  test.each([
    ['/a /b', '?x=1&y=2', '301 /b?x=1&y=2'],
    ['/a /b#part', '?x=1', '301 /b?x=1#part'],
    // static and dynamic parameters are merged, the visitor's win (boxo#886, specs#498)
    ['/a /b?x=0&z=3', '?x=1&y=2', '301 /b?z=3&x=1&y=2'],
    ['/a /b?x=0', '', '301 /b?x=0'],
  ])('rule %j keeps the query %j', (rule, search, expected) => {
    expect(outcome([], rule, '/a', search)).toBe(expected)
  })

  test.each([
    ['/a /a', '/a', ''],
    ['/a/* /a/:splat 302', '/a/b', '?x=1'],
    ['/a /a?x=1#there', '/a', '?x=1'],
  ])('rule %j, which leads back to itself, is an error and no loop', (rule, path, search) => {
    expect(outcome([], rule, path, search)).toMatch(/^500 .*leads back to itself/)
  })

  test('a rewrite to a folder gives its index, a rewrite to nothing a 404 that says so', () => {
    expect(outcome(['app/index.html'], '/x /app 200', '/x')).toBe('200 = app/index.html')
    expect(outcome([], '/x /app 200', '/x')).toMatch(/^404 .*\/app/)
    expect(outcome([], '/x /gone.html 410', '/x')).toMatch(/^410 /)
  })

  test('a path with control characters is refused, not redirected', () => {
    expect(outcome([], '/* /:splat', '/a\r\nSet-Cookie:x')).toMatch(/^400/)
  })
})

describe('paths without rules', () => {
  const FILES = [
    'index.html',
    'docs/index.html',
    'docs/a b.html',
    '404.html',
    'docs/404.html',
    'caf\u00e9.txt',
    'a%2Fb',
    'x/y',
    'constructor.js',
  ]
  const at = (path: string, search = ''): string => {
    const result = resolvePath(manifestOf(...FILES), NO_RULES, path, search)
    if (result.type === 'redirect') return `${result.status} ${result.location}`
    return result.type === 'file' ? `${result.status} = ${result.path}` : String(result.status)
  }
  test.each([
    ['/', '200 = index.html'],
    ['/docs/', '200 = docs/index.html'],
    ['/docs', '301 /docs/'],
    ['/docs/a%20b.html', '200 = docs/a b.html'],
    ['/caf%C3%A9.txt', '200 = caf\u00e9.txt'],
    // NFD in the URL, as macOS types it
    ['/cafe%CC%81.txt', '200 = caf\u00e9.txt'],
    ['/a%252Fb', '200 = a%2Fb'],
    // an encoded slash is no separator
    ['/x%2Fy', '404 = 404.html'],
    ['/docs/nothing', '404 = docs/404.html'],
    ['/docs/deep/nothing', '404 = docs/404.html'],
    ['/nothing', '404 = 404.html'],
    ['/index.html/', '404 = 404.html'],
    ['//docs', '404 = 404.html'],
    ['/constructor', '404 = 404.html'],
    ['/__proto__', '404 = 404.html'],
    ['/%', '400'],
    ['/%E0%A4', '400'],
    ['/a%00b', '400'],
    ['docs', '400'],
    [`/${'x'.repeat(20_000)}`, '400'],
  ])('%s', (path, expected) => {
    expect(at(path)).toBe(expected)
  })

  test('the query is kept on the redirect to a folder (gateway-conformance: ?query=to-remember)', () => {
    expect(at('/docs', '?query=to-remember')).toBe('301 /docs/?query=to-remember')
  })

  test('a folder with letters beyond ASCII is percent-encoded in Location', () => {
    const result = resolvePath(manifestOf('\u0105/\u0119/index.html'), NO_RULES, '/%C4%85/%C4%99')
    expect(result).toMatchObject({ type: 'redirect', location: '/%C4%85/%C4%99/' })
  })

  test('ipfs-404.html counts where there is no 404.html', () => {
    expect(resolvePath(manifestOf('ipfs-404.html'), NO_RULES, '/x')).toMatchObject({
      path: 'ipfs-404.html',
      status: 404,
    })
    expect(resolvePath(manifestOf('a'), NO_RULES, '/x')).toMatchObject({ type: 'none', status: 404 })
  })
})
