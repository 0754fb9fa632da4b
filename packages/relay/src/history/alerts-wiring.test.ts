import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { startTestRelay } from '../relay-harness.ts'
import { HISTORY_SPANS } from './history.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('a relay looks at its alerts at each step of its history, and tells the webhook when one holds', async () => {
  const told: unknown[] = []
  const hook = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => told.push(JSON.parse(text)))
    request.on('end', () => response.end())
  })
  hook.listen(0, '127.0.0.1')
  await once(hook, 'listening')
  // Steps are intervals; all else goes on by the real clock.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  let now = Date.UTC(2030, 0, 1)
  const { port } = hook.address() as AddressInfo
  const relay = await startTestRelay(
    { alerts: 'peers<1', alertWebhook: `http://127.0.0.1:${String(port)}/` },
    { now: () => now },
  )
  const step = (): void => {
    now += HISTORY_SPANS.hour.stepMs
    vi.advanceTimersByTime(HISTORY_SPANS.hour.stepMs)
  }
  try {
    step()
    step()
    // A question that makes its round meanwhile: what two steps had told would be here.
    await relay.fetch('/healthz')
    expect(told).toEqual([])
    step()
    await expect
      .poll(() => told)
      .toMatchObject([{ alert: 'peers<1', state: 'firing', value: 0, relay: relay.relay.url }])
    expect(told).toMatchObject([{ at: new Date(now).toISOString() }])
  } finally {
    await relay.stop()
    hook.closeAllConnections()
    hook.close()
  }
  step()
  expect(told).toHaveLength(1)
})
