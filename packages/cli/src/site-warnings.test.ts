import { memoryFile } from '@blackhole/site'
import { describe, expect, it } from 'vitest'
import { findSiteWarnings } from './site-warnings.ts'

const target = { origin: 'http://k51.localhost:8080', connect: ['ws://localhost:8080'] }

describe('findSiteWarnings', () => {
  it('says nothing of a site without policies', async () => {
    expect(await findSiteWarnings([memoryFile('index.html', '<p>hello'), memoryFile('a.css', '')], target)).toEqual([])
  })

  it('names the pages whose meta policy blocks the loader, and what to add', async () => {
    const html = `<meta http-equiv="Content-Security-Policy" content="script-src https://cdn.example">`
    const pages = ['a', 'b', 'c', 'd', 'e'].map((name) => memoryFile(`${name}.html`, html))
    const warnings = await findSiteWarnings(pages, target)
    expect(warnings.join('\n')).toMatch(
      /^a\.html, b\.html, c\.html and 2 more: .*script-src https:\/\/cdn\.example.* add 'self' to script-src$/m,
    )
  })

  it('applies the policy that _headers sets, to the paths that it names', async () => {
    const files = [
      memoryFile('_headers', "/docs/*\n  Content-Security-Policy: connect-src 'none'\n"),
      memoryFile('index.html', ''),
      memoryFile('docs/a.html', ''),
    ]
    const warnings = await findSiteWarnings(files, target)
    expect(warnings).not.toHaveLength(0)
    expect(warnings.every((warning) => warning.startsWith('docs/a.html: '))).toBe(true)
    expect(warnings.some((warning) => warning.includes('ws://localhost:8080'))).toBe(true)
  })

  it('says when a hosted site has no front page, and where one may be', async () => {
    const files = [
      memoryFile('package.json', '{}'),
      memoryFile('dist/index.html', ''),
      memoryFile('a/b/index.html', ''),
    ]
    const [warning] = await findSiteWarnings(files, target)
    expect(warning).toMatch(/^there is no index\.html.*is it the folder dist that you mean\?$/)
    expect(await findSiteWarnings([...files, memoryFile('_redirects', '/* /dist/index.html 200\n')], target)).toEqual(
      [],
    )
    const tagged = { origin: 'https://www.example.com', scripts: 'https://relay.example', connect: [] }
    expect(await findSiteWarnings(files, tagged)).toEqual([])
  })

  it('says when rules files can not be read', async () => {
    const warnings = await findSiteWarnings(
      [memoryFile('_headers', 'no path\n'), memoryFile('_redirects', '/a\n')],
      target,
    )
    expect(warnings.some((warning) => /^part of _headers is left out: .*line 1/.test(warning))).toBe(true)
    expect(warnings.some((warning) => warning.startsWith('no redirect will work'))).toBe(true)
  })
})
