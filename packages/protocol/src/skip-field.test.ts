import { describe, expect, it } from 'vitest'
import { CdnMessage } from './pb/cdn.ts'
import { AnnounceReply } from './pb/tracker.ts'

/** Field 100 and its wire types, as tags of two bytes. */
const GROUP = [0xa3, 0x06]
const GROUP_END = [0xa4, 0x06]

describe('fields that a message of this version does not have', () => {
  it('are passed over: a later version may add some', () => {
    const known = AnnounceReply.encode({ intervalMs: 7, peers: [], swarmPeers: 1, swarmHolders: 0, error: '' })
    const varint = [0xa0, 0x06, 0x05]
    const text = [0xa2, 0x06, 0x02, 0x61, 0x62]
    expect(AnnounceReply.decode(Uint8Array.from([...varint, ...known, ...text]))).toMatchObject({ intervalMs: 7 })
  })

  it('are refused when they are groups, however deep: reading nested ones went beyond the stack', () => {
    const nested = Uint8Array.from(Array.from({ length: 30_000 }, () => GROUP).flat())
    expect(() => CdnMessage.decode(nested)).toThrow('message must be without groups, got "field 100"')
    expect(() => CdnMessage.decode(Uint8Array.from([...GROUP, ...GROUP_END]))).toThrow('without groups')
  })
})
