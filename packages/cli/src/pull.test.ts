import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand, startCommand } from '@blackhole/testkit'
import { expect, test } from 'vitest'

test('relay --pull says what to put at each origin, in words and as JSON', { timeout: 60_000 }, async () => {
  const data = await mkdtemp(join(tmpdir(), 'blackhole-pull-command-'))
  try {
    const start = async (...args: string[]): Promise<string> => {
      const child = startCommand(['relay', '--port', '0', '--data', data, '--web-rtc-port', '-1', ...args])
      let stdout = ''
      child.stdout.on('data', (text: string) => (stdout += text))
      await expect.poll(() => stdout, { timeout: 30_000 }).toMatch(/\n$/)
      const closed = once(child, 'close')
      child.kill('SIGTERM')
      await closed
      return stdout
    }
    // Loopback addresses are refused before anything is asked.
    const origins = ['--pull', 'http://127.0.0.1:1', '--pull', 'https://localhost:2/']
    const told = JSON.parse(await start(...origins, '--json')) as {
      url: string
      pull: { origin: string; name: string; proof: { url: string; content: string }; tag: string; worker: string }[]
    }
    expect(told.pull.map(({ origin }) => origin)).toEqual(['http://127.0.0.1:1', 'https://localhost:2'])
    const [first, second] = told.pull
    expect(first?.name).not.toBe(second?.name)
    expect(first).toMatchObject({
      proof: { url: 'http://127.0.0.1:1/.well-known/blackhole.json', content: `{"sites":["${first?.name ?? ''}"]}` },
      tag: `<script async src="${told.url}/blackhole.js" data-site="${first?.name ?? ''}"></script>`,
      worker: `importScripts("${told.url}/blackhole-sw.js")`,
    })
    const text = await start(...origins)
    for (const part of [first?.proof.content, second?.proof.content]) expect(text).toContain(part)
    const wrong = await runCommand(['relay', '--pull', 'https://example.com/path'])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('pull must be an http or https origin')])
  } finally {
    await rm(data, { recursive: true, force: true })
  }
})
