import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { Alerts, parseAlerts, type AlertMessage } from './alerts.ts'
import { History } from './history.ts'
import { Webhook } from './webhook.ts'

/** A history of which the test turns the clock, and what an operator is told. */
function watched(text: string): {
  history: History
  told: string[]
  state: { peers: number; sent: number }
  step: (times?: number) => void
} {
  let now = Date.UTC(2030, 0, 1)
  const state = { peers: 0, sent: 0 }
  const told: string[] = []
  const history = new History({
    now: () => now,
    random: () => 0,
    peers: () => state.peers,
    holders: () => 0,
    copies: () => [],
    announces: () => 0,
    contentBytes: () => ({ http: state.sent, p2p: 0 }),
  })
  const alerts = new Alerts(
    {
      now: () => now,
      history,
      relay: 'https://relay.example/',
      tell: ({ alert, state }) => told.push(`${alert} ${state}`),
    },
    parseAlerts(text, 'alerts'),
  )
  const step = (times = 1): void => {
    for (let each = 0; each < times; each += 1) {
      now += 10_000
      alerts.check()
    }
  }
  return { history, told, state, step }
}

describe('Alerts', () => {
  it('tell once when a threshold is passed for a while, and once when that is over', () => {
    const { told, state, step } = watched('peers>100')
    step(5)
    state.peers = 101
    step(2)
    expect(told, 'not at the first sign').toEqual([])
    step(10)
    expect(told).toEqual(['peers>100 firing'])
    state.peers = 99
    step(1)
    state.peers = 101
    step(10)
    expect(told, 'a moment of less does not end it').toHaveLength(1)
    state.peers = 100
    step(10)
    expect(told).toEqual(['peers>100 firing', 'peers>100 resolved'])
  })

  it('watch the share of visitors, their load times and what the relay sends, over five minutes', () => {
    const { history, told, state, step } = watched(' offload < 0.5, loadMs>1000,sentBytesPerSecond>1000 ')
    step(5)
    expect(told, 'nobody has reported').toEqual([])
    history.report({ peers: 100, http: 900, local: 0 })
    step(5)
    expect(told, 'too little to go by').toEqual([])
    history.report({ peers: 1_000_000, http: 2_000_000, local: 0, loadMs: 2_000 })
    history.report({ peers: 0, http: 0, local: 0, loadMs: 2_000 })
    state.sent = 301_000
    step(5)
    expect(told).toEqual(['offload<0.5 firing', 'loadMs>1000 firing', 'sentBytesPerSecond>1000 firing'])
    step(40)
    expect(told.slice(3), 'what nobody reports any more is not over').toEqual(['sentBytesPerSecond>1000 resolved'])
  })

  it.each([
    'offload',
    'offload<',
    'toString>1',
    'offload=1',
    'peers>-1',
    Array.from({ length: 40 }, () => 'peers>1').join(),
  ])('refuse what is none: %s', (text) => {
    expect(() => parseAlerts(text, 'alerts')).toThrow(/alerts/)
  })
})

it('a webhook hears of an alert, also when it was down at first', async () => {
  const heard: unknown[] = []
  let failures = 2
  const server = createServer((request, response) => {
    void json(request).then((message) => {
      response.statusCode = failures-- > 0 ? 503 : 204
      if (response.statusCode === 204) heard.push(message)
      response.end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`
  const webhook = new Webhook({ log: pino({ level: 'silent' }) }, { url, retryMs: 1 })
  const message: AlertMessage = {
    ...{ alert: 'peers>1', state: 'firing', value: 2, relay: 'http://localhost/', at: '2030-01-01T00:00:00.000Z' },
    text: 'so',
  }
  webhook.tell(message)
  await expect.poll(() => heard).toEqual([message])
  webhook.stop()
  server.close()
})
