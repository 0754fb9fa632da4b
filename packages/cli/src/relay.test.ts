import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { buffer } from 'node:stream/consumers'
import { publishFolder, runCommand, startCommand, startRelay } from '@blackhole/testkit'
import type { RelayProcess } from '@blackhole/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'blackhole-relay-command-'))
})

afterAll(async () => {
  await rm(root, { recursive: true, force: true })
})

/** A download that has begun, and of which nothing more is taken until it is read. */
function download(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, resolve).once('error', reject)
  })
}

/** Sends signals to the process that it is now. */
function signalTo({ pid }: RelayProcess): (signal: NodeJS.Signals) => void {
  if (pid === undefined) throw new Error('The relay does not run')
  return (signal) => process.kill(pid, signal)
}

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

  it('prints one line of JSON on standard output, and its log, JSON in each line, elsewhere', async () => {
    const child = startCommand(['relay', '--port', '0', '--data', join(root, 'json'), '--json'])
    let stdout = ''
    let log = ''
    child.stdout.on('data', (text: string) => (stdout += text))
    child.stderr.on('data', (text: string) => (log += text))
    await expect.poll(() => stdout, { timeout: 60_000 }).toContain('\n')
    const closed = once(child, 'close')
    child.kill('SIGTERM')
    expect(await closed).toEqual([0, null])
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    const lines = log.trimEnd().split('\n')
    const entry = { level: 30, time: expect.stringMatching(/^\d{4}-.*Z$/) as string, name: 'blackhole-relay' }
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ ...entry, msg: 'relay is ready', data: join(root, 'json') }),
      expect.objectContaining({ ...entry, msg: 'relay is stopping' }),
      expect.objectContaining({ ...entry, msg: 'relay has stopped' }),
    ])
    expect(JSON.parse(stdout)).toMatchObject({
      url: expect.stringMatching(/^http:\/\/localhost:\d+$/),
      data: join(root, 'json'),
    })
  })

  it('waits at a signal for answers under way, also when that signal comes twice, and at the next one does not', async () => {
    const site = join(root, 'large')
    await mkdir(site)
    await writeFile(join(site, 'large.bin'), randomBytes(24 * 1024 * 1024))
    const relay = await startRelay({ data: join(root, 'stopping') })
    const { name } = await publishFolder(site, { relay: relay.url, home: join(root, 'home') })
    const url = `${relay.url}/ipns/${name}/large.bin`

    const whole = await download(url)
    const signal = signalTo(relay)
    let stopped = relay.stop()
    // A terminal's Ctrl-C reaches all processes of its group, and npm passes it on besides.
    signal('SIGINT')
    await expect.poll(() => fetch(relay.url).catch(() => 'refused')).toBe('refused')
    expect((await buffer(whole)).equals(await readFile(join(site, 'large.bin')))).toBe(true)
    expect(await stopped).toBe(0)

    await relay.start()
    const cut = await download(url)
    const signalAgain = signalTo(relay)
    stopped = relay.stop()
    const started = performance.now()
    const again = setInterval(signalAgain, 100, 'SIGTERM')
    try {
      expect(await stopped).toBe(143)
    } finally {
      clearInterval(again)
    }
    // Sooner than answers that take too long are cut, and the reader is not left with half a file that looks whole.
    expect(performance.now() - started).toBeLessThan(8_000)
    await expect(buffer(cut)).rejects.toThrow()
  })

  it('refuses a folder that another relay has, and starts there at once when that one was killed', async () => {
    const data = join(root, 'shared')
    const relay = await startRelay({ data })
    try {
      const second = await runCommand(['relay', '--port', '0', '--data', data, '--json'])
      expect(second).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('is in use by another relay'),
      })
      expect(second.stderr).toContain(`data: ${data}`)
      expect((await fetch(`${relay.url}/healthz`)).status).toBe(200)
      await relay.kill()
      await relay.start()
      expect((await fetch(`${relay.url}/healthz`)).status).toBe(200)
    } finally {
      await relay.stop()
    }
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
      stderr: expect.stringContaining('BLACKHOLE_STUN_PORT must be a whole number'),
    })
    const flag = await runCommand(['relay', '--stun-port', 'many'])
    expect(flag).toMatchObject({ code: 2, stderr: expect.stringContaining('--stun-port must be a whole number') })
    const missing = await runCommand(['relay', '--config', join(root, 'nosuch.json')])
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("nosuch.json can't be read") })
    await writeFile(config, '{"port": 8080,')
    const broken = await runCommand(['relay', '--config', config])
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining('config must be a file of JSON (') })
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
