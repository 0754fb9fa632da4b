import { expect, test } from 'vitest'
import { Metrics } from './metrics.ts'

// A sample of Prometheus's text exposition format 0.0.4.
const TEXT = `# HELP blackhole_content_bytes_total Bytes of content sent
# TYPE blackhole_content_bytes_total counter
blackhole_content_bytes_total{transport="http"} 1024
blackhole_content_bytes_total{transport="p2p"} 2048
blackhole_peers 3
http_requests_total{method="post",path="/a\\"b"} 1027 1395066363000
process_cpu_seconds_total 1.5e-1
`

test('reads names, labels and values', () => {
  const metrics = new Metrics(TEXT)
  expect(metrics.contentBytes).toEqual({ http: 1024, p2p: 2048 })
  expect(metrics.value('blackhole_content_bytes_total')).toBe(3072)
  expect(metrics.value('blackhole_peers')).toBe(3)
  expect(metrics.value('http_requests_total', { method: 'post' })).toBe(1027)
  expect(metrics.value('process_cpu_seconds_total')).toBe(0.15)
})

test('tells a metric that is 0 from one that is not there', () => {
  const metrics = new Metrics('blackhole_peers 0\n')
  expect([metrics.has('blackhole_peers'), metrics.value('blackhole_peers')]).toEqual([true, 0])
  expect([metrics.has('blackhole_sites'), metrics.value('blackhole_sites')]).toEqual([false, 0])
})
