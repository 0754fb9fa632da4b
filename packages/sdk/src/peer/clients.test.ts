import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { pbStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import {
  Announce,
  AnnounceEvent,
  AnnounceReply,
  BlackholeError,
  HostingReply,
  HostingRequest,
  HostingVerb,
  MAX_CONTROL_MESSAGE_BYTES,
  errorToWire,
  siteNameOf,
} from '@blackhole/protocol'
import type { StreamOpener } from './control-stream.ts'
import { followRecords } from './hosting-client.ts'
import { relayThat } from './relay-harness.ts'
import { announce, type Announcement } from './tracker-client.ts'

const site = siteNameOf((await generateKeyPair('Ed25519')).publicKey)
const [relay, visitor] = await Promise.all(
  [1, 2].map(async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()),
)

const MESSAGE: Announcement = {
  site,
  token: 't',
  event: AnnounceEvent.ANNOUNCE_STARTED,
  root: new Uint8Array(0),
  have: 0,
  total: 0,
  want: 5,
}
const REPLY: AnnounceReply = { intervalMs: 30_000, peers: [], swarmPeers: 0, swarmHolders: 0, error: '', kept: false }

/** The beginning of a message of this length: a varint, and some of its bytes. */
function lengthPrefixed(length: number): Uint8Array {
  const prefix = [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14]
  return Uint8Array.of(...prefix, ...new Uint8Array(100))
}

const tracker = (reply: Partial<AnnounceReply>): StreamOpener =>
  relayThat(async (stream) => {
    const messages = pbStream(stream)
    await messages.read(Announce)
    await messages.write({ ...REPLY, ...reply }, AnnounceReply)
  })

describe('announce', () => {
  it('reads who else is there, by peer id and relay, whatever else an address says', async () => {
    const id = new Uint8Array(multiaddr(`/p2p/${visitor ?? ''}`).bytes.subarray(3))
    const address = multiaddr(
      `/dns4/victim.example/tcp/22/ws/p2p/${relay ?? ''}/p2p-circuit/webrtc/p2p/${visitor ?? ''}`,
    ).bytes
    const answer = await announce(
      tracker({
        swarmPeers: 1,
        swarmHolders: 1,
        peers: [
          { id, addresses: [new Uint8Array(address)], have: 3, total: 9 },
          { id: new Uint8Array([1, 2, 3]), addresses: [], have: 1, total: 1 },
        ],
      }),
      MESSAGE,
    )
    expect(answer).toEqual({
      intervalMs: 30_000,
      swarmPeers: 1,
      swarmHolders: 1,
      peers: [{ peer: visitor, relays: [relay], have: 3, total: 9 }],
    })
  })

  it('does not announce more often than is sane, whatever the relay asks for', async () => {
    expect((await announce(tracker({ intervalMs: 0 }), MESSAGE)).intervalMs).toBe(1_000)
    expect((await announce(tracker({ intervalMs: 0xffffffff }), MESSAGE)).intervalMs).toBe(600_000)
  })

  it('reports what the relay refused with', async () => {
    const error = JSON.stringify(errorToWire(new BlackholeError('expired', 'The token has expired')))
    await expect(announce(tracker({ error }), MESSAGE)).rejects.toMatchObject({
      reason: 'expired',
      message: 'The token has expired',
    })
    await expect(announce(tracker({ error: 'go away' }), MESSAGE)).rejects.toMatchObject({
      reason: 'forbidden',
      message: 'go away',
    })
  })

  it('refuses more peers than a tracker may name', async () => {
    const peers = Array.from({ length: 51 }, () => ({ id: new Uint8Array(1), addresses: [], have: 0, total: 0 }))
    await expect(announce(tracker({ peers }), MESSAGE)).rejects.toMatchObject({ reason: 'limit' })
  })

  it('refuses an oversized message, and waits for none for ever', async () => {
    const oversized = relayThat(async (stream) => {
      const messages = pbStream(stream)
      await messages.read(Announce)
      await messages.write({ ...REPLY, error: 'x'.repeat(MAX_CONTROL_MESSAGE_BYTES) }, AnnounceReply)
    })
    await expect(announce(oversized, MESSAGE)).rejects.toThrow()
    await expect(
      announce(
        relayThat(() => Promise.resolve()),
        MESSAGE,
        { timeoutMs: 10 },
      ),
    ).rejects.toMatchObject({ name: 'DeadlineError' })
  })
})

describe('records over libp2p', () => {
  const record = Uint8Array.of(1, 2, 3)

  it.each([
    ['an oversized message', lengthPrefixed(MAX_CONTROL_MESSAGE_BYTES + 1)],
    ['a length that no message can have', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f)],
    ['a length that never ends', new Uint8Array(20).fill(0xff)],
    ['what is no message', Uint8Array.of(3, 0xff, 0xff, 0xff)],
  ])('are not taken from a relay that answers with %s, and nothing more of it is', async (_, answer) => {
    let open: Stream | undefined
    const nonsense = relayThat(async (stream) => {
      await pbStream(stream).read(HostingRequest)
      open = stream
      stream.send(answer)
    })
    await expect(followed(nonsense).heard).rejects.toThrow()
    await expect.poll(() => open?.status).not.toBe('open')
  })

  it('end with one that is too long, in a message that is too long or in one that is not', async () => {
    for (const end of [lengthPrefixed(MAX_CONTROL_MESSAGE_BYTES + 1), { record: new Uint8Array(20_000), error: '' }]) {
      const hosting = relayThat(async (stream) => {
        const messages = pbStream(stream)
        await messages.read(HostingRequest)
        await messages.write({ record, error: '' }, HostingReply)
        if (end instanceof Uint8Array) stream.send(end)
        else await messages.write(end, HostingReply)
      })
      const { records, heard } = followed(hosting)
      await expect(heard).rejects.toThrow()
      expect(records).toEqual([record])
    }
  })

  it('are followed until the relay ends the stream, from before the site has one', async () => {
    const missing = JSON.stringify(errorToWire(new BlackholeError('missing', 'No such site')))
    const hosting = relayThat(async (stream) => {
      const messages = pbStream(stream)
      expect((await messages.read(HostingRequest)).verb).toBe(HostingVerb.HOSTING_SUBSCRIBE)
      await messages.write({ record: new Uint8Array(0), error: missing }, HostingReply)
      for (const bytes of [new Uint8Array(0), record, Uint8Array.of(4)])
        await messages.write({ record: bytes, error: '' }, HostingReply)
      await stream.close()
    })
    const { records, heard } = followed(hosting)
    await expect(heard).rejects.toThrow()
    expect(records).toEqual([record, Uint8Array.of(4)])
  })

  it('are followed until nobody wants them, however little the relay says', async () => {
    const ended = new AbortController()
    let open: Stream | undefined
    const silent = relayThat(async (stream) => {
      await pbStream(stream).read(HostingRequest)
      open = stream
      stream.send(Uint8Array.of(200, 1, 10, 100))
    })
    const { heard } = followed(silent, ended.signal)
    await expect.poll(() => open?.status).toBe('open')
    ended.abort()
    await expect(heard).rejects.toThrow()
    await expect.poll(() => open?.status).not.toBe('open')
  })

  function followed(hosting: StreamOpener, signal = new AbortController().signal) {
    const records: Uint8Array[] = []
    return { records, heard: followRecords(hosting, site, (bytes) => records.push(bytes), { signal }) }
  }
})
