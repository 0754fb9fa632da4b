import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand, startCommand, startRelay } from '@blackhole/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'blackhole-relay-command-'))
})

afterAll(async () => {
  await rm(root, { recursive: true, force: true })
})

describe('relay', { timeout: 90_000 }, () => {
  it('is ready when it says so, stops at a signal with 0, and keeps who it is', async () => {
    const data = join(root, 'data')
    const relay = await startRelay({ data })
    const info = async (): Promise<{ peerId: string }> =>
      (await (await fetch(`${relay.url}/.blackhole/api/v1/relay`)).json()) as { peerId: string }
    const { peerId } = await info()
    expect((await fetch(`${relay.url}/healthz`)).status).toBe(200)
    expect(await relay.stop()).toBe(0)
    await expect(fetch(`${relay.url}/healthz`)).rejects.toThrow()
    await relay.start()
    expect((await info()).peerId).toBe(peerId)
    expect(await relay.stop()).toBe(0)
  })

  it('prints one line of JSON on standard output, and its log elsewhere', async () => {
    const child = startCommand(['relay', '--port', '0', '--data', join(root, 'json'), '--json'])
    let stdout = ''
    child.stdout.on('data', (text: string) => (stdout += text))
    await expect.poll(() => stdout, { timeout: 60_000 }).toContain('\n')
    const closed = once(child, 'close')
    child.kill('SIGTERM')
    expect(await closed).toEqual([0, null])
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(JSON.parse(stdout)).toMatchObject({
      url: expect.stringMatching(/^http:\/\/localhost:\d+$/),
      data: join(root, 'json'),
    })
  })

  it('stops at once with the field named when its configuration is wrong', async () => {
    const config = join(root, 'relay.json')
    await writeFile(config, '{"port": 8080, "maxConections": 5}')
    const file = await runCommand(['relay', '--config', config, '--json'])
    expect(file).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('maxConections') })
    const variable = await runCommand(['relay', '--json'], { env: { BLACKHOLE_STUN_PORT: 'many' } })
    expect(variable).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('stunPort must be a whole number'),
    })
  })

  it('says which port is taken', async () => {
    const relay = await startRelay()
    const { code, stderr } = await runCommand(['relay', '--port', String(relay.port), '--data', join(root, 'taken')])
    expect(stderr).toContain(String(relay.port))
    expect(code).toBe(1)
    await relay.stop()
  })

  it('points out a variable that is probably misspelt', async () => {
    const { stderr } = await runCommand(['relay', '--port', '-5'], { env: { BLACKHOLE_PROT: '1' } })
    expect(stderr).toContain('BLACKHOLE_PROT')
  })
})
