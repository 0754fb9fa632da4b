import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestRelay } from './relay-harness.ts'
import type { TestRelay } from './relay-harness.ts'

let relay: TestRelay

beforeAll(async () => {
  relay = await startTestRelay()
})

afterAll(() => relay.stop())

test('/healthz says 200 and nothing that may be cached', async () => {
  const response = await relay.fetch('/healthz')
  expect([response.status, await response.json()]).toEqual([200, { status: 'ready' }])
  expect(response.headers.get('cache-control')).toBe('no-store')
})

test('/metrics has what programs rely on, from the first moment, and the usual figures of the process', async () => {
  const response = await relay.fetch('/metrics')
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  for (const line of [
    'blackhole_content_bytes_total{transport="http"} 0',
    'blackhole_content_bytes_total{transport="p2p"} 0',
    'blackhole_peers 0',
    'blackhole_announces_total 0',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'process_start_time_seconds',
    'nodejs_eventloop_lag_seconds',
  ]) {
    expect(text).toMatch(new RegExp(`^${name} [\\d.e+-]+$`, 'm'))
  }
  // Prometheus wants to be told what each is.
  expect(text).toMatch(/^# TYPE blackhole_content_bytes_total counter$/m)
  expect(text).toMatch(/^# TYPE blackhole_peers gauge$/m)
})

test('the history of the last hour and day is one value per step, the newest last; other spans are refused', async () => {
  for (const [span, stepMs, steps] of [
    ['hour', 10_000, 360],
    ['day', 300_000, 288],
  ] as const) {
    const response = await relay.fetch(`/.blackhole/api/v1/history?span=${span}`)
    const view = (await response.json()) as { stepMs: number; from: number; columns: Record<string, unknown[]> }
    expect([response.status, response.headers.get('cache-control'), view.stepMs]).toEqual([200, 'no-store', stepMs])
    expect(Math.abs(view.from + steps * stepMs - Date.now())).toBeLessThanOrEqual(stepMs)
    for (const name of ['http', 'p2p', 'peers', 'holders', 'announces']) {
      expect(view.columns[name], name).toHaveLength(steps)
      expect(view.columns[name]?.at(-1), name).toBe(0)
    }
  }
  const refused = await relay.fetch('/.blackhole/api/v1/history?span=toString')
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('hour or day') as string])
})
