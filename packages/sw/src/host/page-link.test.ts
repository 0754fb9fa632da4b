import { CHANNEL_VERSION, ChannelPort, parseWorkerMessage } from '@blackhole/protocol'
import type { PageToWorker, WorkerToPage } from '@blackhole/protocol'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { LaterHolders } from '../piece-source/later-pieces.ts'
import { PageLink } from './page-link.ts'

const HELD: LaterHolders = { here: false, held: true, coming: false }

let link: PageLink
let page: ChannelPort<WorkerToPage, PageToWorker>
let received: WorkerToPage[]
let closed: boolean

beforeEach(async () => {
  const { port1, port2 } = new MessageChannel()
  received = []
  closed = false
  link = new PageLink(port1, 'page', {
    onState: () => undefined,
    onRecord: () => undefined,
    onLoaded: () => undefined,
    onClose: () => {
      closed = true
    },
  })
  page = new ChannelPort<WorkerToPage, PageToWorker>(port2, {
    parse: parseWorkerMessage,
    onMessage: (message) => received.push(message),
  })
  page.send({ type: 'hello', version: CHANNEL_VERSION, role: 'host', peers: 2, later: true })
  await expect.poll(() => link.role).toBe('host')
})

afterEach(() => {
  link.close()
  page.close()
})

/** Asks for two pieces, of which the page says who holds them. */
async function wanted(): Promise<{ told: (readonly LaterHolders[])[]; over: AbortController; wasClosed: boolean[] }> {
  const told: (readonly LaterHolders[])[] = []
  const wasClosed: boolean[] = []
  const over = new AbortController()
  link.wantLater(['a', 'b'], {
    signal: over.signal,
    onHolders: (holders) => {
      told.push(holders)
      wasClosed.push(closed)
    },
  })
  await expect.poll(() => received.at(-1)?.type).toBe('later')
  const [{ id } = { id: 0 }] = received.filter((message) => message.type === 'later')
  page.send({ type: 'head', id, available: [true, true], coming: [false, false], here: [false, false] })
  await expect.poll(() => told).toEqual([[HELD, HELD]])
  return { told, over, wasClosed }
}

it('knows of no holders any more when the page is gone, after another one can be asked', async () => {
  const { told, over, wasClosed } = await wanted()
  link.close()
  expect(told).toEqual([[HELD, HELD], []])
  expect(wasClosed).toEqual([false, true])
  over.abort()
  link.wantLater(['c'], { signal: new AbortController().signal, onHolders: (holders) => told.push(holders) })
  link.close()
  expect(told.length).toBe(2)
})

it('knows of none, and ends what was asked, when the page no longer hosts', async () => {
  const { told, over } = await wanted()
  page.send({ type: 'state', role: 'host', peers: 1 })
  page.send({ type: 'state', role: 'guest', peers: 0 })
  await expect.poll(() => received.at(-1)?.type).toBe('cancel')
  expect(told).toEqual([[HELD, HELD], []])
  over.abort()
  page.send({ type: 'state', role: 'host', peers: 1 })
  await expect.poll(() => link.role).toBe('host')
  expect(received.filter(({ type }) => type === 'cancel').length).toBe(1)
})
