import { afterEach, expect, test } from 'vitest'
import { runCommand } from './command.ts'
import { startRelay, type RelayProcess } from './relay-process.ts'

let relay: RelayProcess | undefined

afterEach(() => relay?.stop())

test('starts a relay on a free port, reads its metrics, and stops it', { timeout: 90_000 }, async () => {
  relay = await startRelay()
  expect(relay.url).toMatch(/^http:\/\/localhost:\d+$/)
  const metrics = await relay.metrics()
  expect(metrics.has('blackhole_peers')).toBe(true)
  expect(metrics.contentBytes).toEqual({ http: 0, p2p: 0 })
  expect(await relay.stop()).toBe(0)
  await expect(fetch(`${relay.url}/healthz`)).rejects.toThrow()
})

test('ends it like a power cut and starts it again on the same port', { timeout: 90_000 }, async () => {
  relay = await startRelay()
  const { url, pid } = relay
  await relay.kill()
  await relay.start()
  expect(relay.url).toBe(url)
  expect(relay.pid).not.toBe(pid)
})

test('switches content off and on', { timeout: 90_000 }, async () => {
  relay = await startRelay()
  await relay.serveContent(false)
  await relay.serveContent(true)
})

test('says what the relay said when it does not start', { timeout: 90_000 }, async () => {
  await expect(startRelay({ port: 70_000 })).rejects.toThrow(/port/i)
})

test('gives exit code and output of a command', { timeout: 90_000 }, async () => {
  const { code, stdout, stderr } = await runCommand(['no-such-command'])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('no-such-command')
})
