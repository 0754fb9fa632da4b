import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { REQUEST_BYTES } from '@blackhole/protocol'
import { Downlink } from './downlink.ts'
import { NearFirst } from './near-first.ts'
import { PieceFetch } from './piece-fetch.ts'
import { NOW, peerOf, PIECE } from './peer-harness.ts'
import type { RemotePeer } from './remote-peer.ts'

/** A line that was full for two seconds, or had room. */
function lineOf(bytesPerSecond: number): Downlink {
  const line = new Downlink()
  for (let now = NOW - 3_000; now <= NOW; now += 10) line.received(bytesPerSecond / 100, now)
  return line
}

function fetchOf(piece: number | undefined): PieceFetch {
  return new PieceFetch({ cid: 'a', link: CID.parse('bafkqaaa'), piece, size: 4 * REQUEST_BYTES, now: 0 })
}

describe('NearFirst', () => {
  it('sorts the near before the far, and the quicker of both before the slower', async () => {
    const [near, quick] = [await peerOf('near', 8, 500_000), await peerOf('quick', 5, 2_000_000)]
    const [far, farQuick] = [await peerOf('far', 90, 1_000_000), await peerOf('far and quick', 80, 9_000_000)]
    const peers = [far, near, farQuick, quick]
    const turns = new NearFirst(peers, new Downlink(), [], NOW)
    expect(peers.toSorted((a, b) => turns.compare(a, b)).map(({ id }) => id)).toEqual([
      'quick',
      'near',
      'far and quick',
      'far',
    ])
  })

  it('leaves to the near what they have while they fill the line, and asks the far for the rest', async () => {
    const [near, far] = [await peerOf('near', 5, 2_500_000), await peerOf('far', 80, 700_000)]
    const turns = new NearFirst([near, far], lineOf(2_500_000), [], NOW)
    expect(turns.leavesPieceToNearer(far, PIECE)).toBe(true)
    expect(turns.leavesToNearer(far, fetchOf(PIECE))).toBe(true)
    expect(turns.leavesPieceToNearer(near, PIECE)).toBe(false)
    near.holdings.delete(PIECE)
    expect(turns.leavesPieceToNearer(far, PIECE)).toBe(false)
    expect(turns.leavesToNearer(far, fetchOf(PIECE))).toBe(false)
  })

  it('asks the far too while the line has room', async () => {
    const [near, far] = [await peerOf('near', 5, 1_000_000), await peerOf('far', 80, 700_000)]
    expect(new NearFirst([near, far], new Downlink(), [], NOW).leavesPieceToNearer(far, PIECE)).toBe(false)
    // What the near give is less than the line carries.
    expect(new NearFirst([near, far], lineOf(2_500_000), [], NOW).leavesPieceToNearer(far, PIECE)).toBe(false)
  })

  it('counts a near one that has nothing to give, or stands still, for nothing', async () => {
    const [near, far] = [await peerOf('near', 5, 2_500_000), await peerOf('far', 80, 700_000)]
    const turns = new NearFirst([near, far], lineOf(2_500_000), [], NOW)
    turns.idle(near)
    expect(turns.leavesPieceToNearer(far, PIECE)).toBe(false)

    near.ask(fetchOf(PIECE), 0, REQUEST_BYTES, REQUEST_BYTES, NOW)
    expect(new NearFirst([near, far], lineOf(2_500_000), [], NOW).leavesPieceToNearer(far, PIECE)).toBe(true)
    const later = new NearFirst([near, far], lineOf(2_500_000), [], NOW + 1_000)
    expect(later.leavesPieceToNearer(far, PIECE)).toBe(false)
  })

  it('asks somebody far away of whom nothing is known for one thing', async () => {
    const [near, far] = [await peerOf('near', 5, 0), await peerOf('far', 80, 0)]
    const before = new NearFirst([near, far], new Downlink(), [], NOW)
    expect(before.leavesPieceToNearer(far, PIECE)).toBe(false)
    far.ask(fetchOf(PIECE), 0, REQUEST_BYTES, REQUEST_BYTES, NOW)
    expect(new NearFirst([near, far], new Downlink(), [], NOW).leavesPieceToNearer(far, PIECE)).toBe(true)
  })

  it('takes from whoever is the only source, however far away', async () => {
    const [near, far] = [await peerOf('near', 5, 2_500_000), await peerOf('far', 80, 700_000)]
    const turns = new NearFirst([near, far], lineOf(2_500_000), [], NOW)
    const fetch = fetchOf(PIECE)
    fetch.soleSource = far.id
    expect(turns.leavesToNearer(far, fetch)).toBe(false)
  })

  it('leaves nothing to a near one that trickles, and asks anyone for what somebody waits for in vain', async () => {
    const [near, far] = [await peerOf('near', 5, 2_500_000), await peerOf('far', 80, 700_000)]
    const trickling = await peerOf('trickling', 5, 8_000)
    near.holdings.delete(PIECE)
    near.holdings.add(PIECE + 1)
    const line = lineOf(2_500_000)
    expect(new NearFirst([near, trickling, far], line, [], NOW).leavesPieceToNearer(far, PIECE)).toBe(false)

    near.holdings.add(PIECE)
    const [late, later] = [fetchOf(PIECE), fetchOf(PIECE)]
    late.deadline = NOW - 2_000
    later.deadline = NOW - 500
    const turns = new NearFirst([near, trickling, far], line, [late, later], NOW)
    expect([late, later].map((fetch) => turns.isStarving(fetch))).toEqual([true, false])
    expect([late, later].map((fetch) => turns.leavesToNearer(far, fetch))).toEqual([false, true])
    late.lastProgressAt = NOW - 100
    expect(new NearFirst([near, far], line, [late], NOW).leavesToNearer(far, late)).toBe(true)
  })

  it('asks who is held back for something now and then, to see whether the line carries more', async () => {
    const [near, far] = [await peerOf('near', 5, 2_500_000), await peerOf('far', 80, 700_000)]
    far.lastProgressAt = NOW - 11_000
    expect(new NearFirst([near, far], lineOf(2_500_000), [], NOW).leavesPieceToNearer(far, PIECE)).toBe(false)
    far.ask(fetchOf(PIECE), 0, REQUEST_BYTES, REQUEST_BYTES, NOW)
    expect(new NearFirst([near, far], lineOf(2_500_000), [], NOW).leavesPieceToNearer(far, PIECE)).toBe(true)
  })

  it('does not let those who hold nothing, or choke us, say who is near', async () => {
    const [far, farther] = [await peerOf('far', 40, 1_000_000), await peerOf('farther', 60, 1_000_000)]
    const [empty, choking] = [await peerOf('empty', 1, 0), await peerOf('choking', 1, 2_500_000)]
    empty.holdings.delete(PIECE)
    choking.chokes = true
    const turns = new NearFirst([far, farther, empty, choking], lineOf(1_000_000), [], NOW)
    expect([far, farther].map((peer) => turns.isNear(peer))).toEqual([true, true])
    expect(turns.leavesPieceToNearer(farther, PIECE)).toBe(false)
  })

  it('asks all together for no more than the line carries, but always for something', async () => {
    const peers = await Promise.all(Array.from({ length: 8 }, (_, at) => peerOf(`peer ${String(at)}`, 5, 600_000)))
    const [first, ...others] = peers as [RemotePeer, ...RemotePeer[]]
    first.ask(fetchOf(PIECE), 0, 0, 0, NOW)
    const askedOf = (who: readonly RemotePeer[], line: Downlink): number => {
      const turns = new NearFirst(peers, line, [], NOW)
      let asked = 0
      for (; asked < 100; asked += 1) {
        const peer = who[asked % who.length]
        if (peer === undefined || !turns.hasRoom(peer)) return asked
        turns.asked(peer, REQUEST_BYTES)
      }
      return asked
    }
    expect(askedOf([first], lineOf(1_000_000))).toBe(3)
    expect(askedOf([first], new Downlink())).toBe(3)
    const wide = askedOf(peers, lineOf(20_000_000))
    expect(wide).toBeGreaterThan(30)
    // Those who are asked for nothing have one request each, on a line that seems slow too: for want of requests, perhaps.
    expect(askedOf(others, new Downlink())).toBe(8)
    expect(askedOf(others, lineOf(300_000))).toBe(8)
  })

  it('does not wait for a near one that gives little next to somebody further away', async () => {
    const [near, slow] = [await peerOf('near', 5, 2_500_000), await peerOf('slow', 5, 30_000)]
    const far = await peerOf('far', 80, 700_000)
    near.holdings.delete(PIECE)
    near.holdings.add(PIECE + 1)
    const turns = new NearFirst([near, slow, far], lineOf(2_500_000), [], NOW)
    expect(turns.leavesToNearer(far, fetchOf(PIECE))).toBe(false)
    expect(turns.leavesPieceToNearer(far, PIECE + 1)).toBe(true)
  })

  it('never lets a relay wait for room: it is asked when nobody else can be', async () => {
    const relay = await peerOf('relay', 80, 0, true)
    const turns = new NearFirst([await peerOf('near', 5, 2_500_000), relay], lineOf(2_500_000), [], NOW)
    turns.asked(relay, 100 * REQUEST_BYTES)
    expect(turns.hasRoom(relay)).toBe(true)
    expect(turns.leavesPieceToNearer(relay, PIECE)).toBe(false)
  })
})
