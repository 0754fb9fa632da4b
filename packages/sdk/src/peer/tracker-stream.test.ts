import { pbStream } from '@libp2p/utils'
import { expect, it } from 'vitest'
import { Announce, AnnounceEvent, AnnounceReply } from '@blackhole/protocol'
import type { StreamOpener } from './control-stream.ts'
import { relayThat } from './relay-harness.ts'
import { TrackerStream } from './tracker-stream.ts'

const MESSAGE = {
  site: 'k51site',
  token: 'a.b.c',
  event: AnnounceEvent.ANNOUNCE_UPDATE,
  root: new Uint8Array(0),
  have: 1,
  total: 2,
  want: 5,
}

/** A tracker that answers so many announcements on a stream. */
function tracker(perStream: number, reply: Partial<AnnounceReply> = {}): StreamOpener & { heard: Announce[][] } {
  const heard: Announce[][] = []
  const opener = relayThat(async (stream) => {
    const messages = pbStream(stream)
    const here: Announce[] = []
    heard.push(here)
    for (let count = 0; count < perStream; count += 1) {
      here.push(await messages.read(Announce))
      await messages.write({ intervalMs: 60_000, swarmPeers: heard.length, ...reply }, AnnounceReply)
    }
    await stream.close()
  })
  return { ...opener, heard }
}

it('announces on one stream where the relay keeps it, and says site and token once', async () => {
  const relay = tracker(10, { kept: true })
  const stream = new TrackerStream(relay)
  for (const have of [1, 2, 3]) await stream.announce({ ...MESSAGE, have })
  await stream.announce({ ...MESSAGE, token: 'd.e.f' })
  expect(relay.heard).toMatchObject([
    [
      { site: 'k51site', token: 'a.b.c', have: 1, keep: true },
      { site: '', token: '', have: 2 },
      { site: '', token: '', have: 3 },
      { site: 'k51site', token: 'd.e.f' },
    ],
  ])
  stream.close()
})

it('opens a stream for each announcement at a relay that knows of no others', async () => {
  const relay = tracker(1)
  const stream = new TrackerStream(relay)
  await stream.announce(MESSAGE)
  expect(stream.isKept).toBe(false)
  await stream.announce(MESSAGE)
  expect(relay.heard).toMatchObject([[{ token: 'a.b.c' }], [{ token: 'a.b.c' }]])
})

it('goes on with another stream, and says all again, when the relay ended the one that it kept', async () => {
  const relay = tracker(1, { kept: true })
  const stream = new TrackerStream(relay)
  await stream.announce(MESSAGE)
  expect((await stream.announce(MESSAGE)).swarmPeers).toBe(2)
  expect(relay.heard).toMatchObject([[{ token: 'a.b.c' }], [{ site: 'k51site', token: 'a.b.c' }]])
})

it('throws what the relay refused with, and says all again after it', async () => {
  const relay = tracker(10, { kept: true, error: 'go away' })
  const stream = new TrackerStream(relay)
  await expect(stream.announce(MESSAGE)).rejects.toMatchObject({ reason: 'forbidden' })
  await expect(stream.announce(MESSAGE)).rejects.toMatchObject({ reason: 'forbidden' })
  expect(relay.heard).toMatchObject([[{ token: 'a.b.c' }], [{ token: 'a.b.c' }]])
})
