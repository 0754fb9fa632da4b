import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { startRelay } from '@blackhole/testkit'
import { expect, it } from 'vitest'

const SDK = join(import.meta.dirname, '../../sdk')

it('the example of the SDK does what its README says', { timeout: 60_000 }, async () => {
  const readme = await readFile(join(SDK, 'README.md'), 'utf8')
  const [, example = ''] = /```js\n(.*?)```/s.exec(readme) ?? []
  const folder = await mkdtemp(join(tmpdir(), 'blackhole-readme-'))
  const relay = await startRelay()
  try {
    await mkdir(join(folder, 'dist'))
    await writeFile(join(folder, 'dist/index.html'), 'Hello')
    // As it is in the README, but for where things lie.
    const built = (file: string): string => pathToFileURL(join(SDK, 'dist', file)).href
    const script = example
      .replace("'@blackhole/sdk'", `'${built('index.js')}'`)
      .replace("'@blackhole/sdk/files'", `'${built('files.js')}'`)
      .replace('http://localhost:8080', relay.url)
    await writeFile(join(folder, 'example.mjs'), script)
    const { stdout } = await promisify(execFile)(process.execPath, ['example.mjs'], { cwd: folder, timeout: 50_000 })
    expect(stdout).toMatch(/^k51\w+ 1 http:\/\/k51\w+\.localhost:\d+\/\n200 Hello\n/)
  } finally {
    await relay.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
