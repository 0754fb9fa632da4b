import { afterAll, beforeAll, expect, test } from 'vitest'
import { relayPaths } from '@blackhole/protocol'
import { MAX_REPORTED_BYTES, VISITOR_REPORTS_PER_SECOND_PER_ADDRESS } from '../../limits.ts'
import { importFiles, newPublisher, publish, startTestRelay } from '../../relay-harness.ts'
import type { Publisher, TestRelay } from '../../relay-harness.ts'

let relay: TestRelay
let owner: Publisher
let other: Publisher

beforeAll(async () => {
  relay = await startTestRelay()
  ;[owner, other] = await Promise.all([newPublisher(), newPublisher()])
  for (const publisher of [owner, other]) await publish(relay, publisher, await importFiles({ 'index.html': 'x' }))
})

afterAll(() => relay.stop())

async function tokenOf({ name }: Publisher): Promise<string> {
  const body = JSON.stringify({ peer: relay.relay.info.peerId })
  const answer = await relay.fetch(relayPaths.token(name), { method: 'POST', body })
  return ((await answer.json()) as { token: string }).token
}

async function send(report: unknown, authorization: string): Promise<{ status: number; text: string }> {
  const answer = await relay.fetch(relayPaths.report(owner.name), {
    method: 'POST',
    body: JSON.stringify(report),
    headers: authorization === '' ? {} : { authorization },
  })
  return { status: answer.status, text: await answer.text() }
}

const GOOD = { peers: 3, http: 2, local: 1 }

test('a report of a visitor of the site is counted; one without its token, or with numbers that can not be, is not', async () => {
  const bearer = `Bearer ${await tokenOf(owner)}`
  expect(await send({ ...GOOD, loadMs: 350 }, bearer)).toEqual({ status: 204, text: '' })

  for (const wrong of ['', 'Bearer nonsense', `Bearer ${await tokenOf(other)}`])
    expect([400, 403], wrong).toContain((await send(GOOD, wrong)).status)
  for (const [field, report] of [
    ['report.peers', { ...GOOD, peers: -1 }],
    ['report.http', { ...GOOD, http: MAX_REPORTED_BYTES + 1 }],
    ['report.local', { peers: 1, http: 1 }],
    ['report.loadMs', { ...GOOD, loadMs: '350' }],
    ['request', [GOOD]],
    ['request bytes', { ...GOOD, more: 'x'.repeat(2_000) }],
  ] as const) {
    const { status, text } = await send(report, bearer)
    expect([400, 413], text).toContain(status)
    expect(text).toContain(field)
  }

  const { columns } = (await (await relay.fetch('/.blackhole/api/v1/history?span=day')).json()) as {
    columns: Record<string, (number | null)[]>
  }
  const told = (name: string): (number | null)[] => (columns[name] ?? []).filter((value) => value !== null)
  expect(['visitorPeers', 'visitorHttp', 'visitorLocal', 'loadMs'].map(told)).toEqual([[3], [2], [1], [350]])
})

test('an address reports only so often', async () => {
  const bearer = `Bearer ${await tokenOf(owner)}`
  const answers = await Promise.all(
    Array.from({ length: 6 * VISITOR_REPORTS_PER_SECOND_PER_ADDRESS }, () => send(GOOD, bearer)),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204, 429]))
})
