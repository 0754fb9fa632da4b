import { expect, it } from 'vitest'
import { cdp } from 'vitest/browser'
import { closesLate, isOfBrowser } from './late-close.ts'

const CONNECTIONS = 12

interface Debugger {
  send(method: 'HeapProfiler.collectGarbage'): Promise<unknown>
}

/** Connects to itself, and closes both ends as soon as a channel is open: events of their state are on their way then. */
async function connectAndClose(): Promise<WeakRef<RTCPeerConnection>[]> {
  const ends = [new RTCPeerConnection(), new RTCPeerConnection()] as const
  const [caller, called] = ends
  for (const end of ends) {
    expect(isOfBrowser(end)).toBe(true)
    if (isOfBrowser(end)) closesLate(end)
  }
  caller.onicecandidate = ({ candidate }) => void called.addIceCandidate(candidate)
  called.onicecandidate = ({ candidate }) => void caller.addIceCandidate(candidate)
  const channel = caller.createDataChannel('')
  const open = new Promise((resolve) => {
    channel.onopen = resolve
  })
  await caller.setLocalDescription()
  await called.setRemoteDescription(caller.localDescription ?? { type: 'offer' })
  await called.setLocalDescription()
  await caller.setRemoteDescription(called.localDescription ?? { type: 'answer' })
  await open
  for (const end of ends) end.close()
  for (const end of ends) end.onicecandidate = null
  return ends.map((end) => new WeakRef(end))
}

it('leaves no connection with Chromium that is closed while events of it are on their way', async () => {
  const made: WeakRef<RTCPeerConnection>[] = []
  for (let count = 0; count < CONNECTIONS; count += 1) made.push(...(await connectAndClose()))
  await expect
    .poll(
      async () => {
        await (cdp() as unknown as Debugger).send('HeapProfiler.collectGarbage')
        return made.filter((ref) => ref.deref() !== undefined).length
      },
      { timeout: 10_000 },
    )
    .toBe(0)
})

it('closes once, however often it is told to', () => {
  const waiting: (() => void)[] = []
  let closed = 0
  const connection = {
    ondatachannel: (): void => undefined,
    close: (): void => {
      closed += 1
    },
  }
  closesLate(connection, { setTimeout: (run) => waiting.push(run) })
  connection.close()
  connection.close()
  expect([closed, waiting.length, connection.ondatachannel]).toEqual([0, 1, null])
  waiting[0]?.()
  expect(closed).toBe(1)
})
