import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { PIECE_MESSAGE_BYTES } from '@blackhole/protocol'
import { allBits, cidBytes, connectRaw } from './raw-peer.ts'
import { knowing, ROOT, testBlocks, testSwarm, until } from './swarm-harness.ts'
import type { TestBlock, TestSwarm } from './swarm-harness.ts'

const LINE_BYTES_PER_SECOND = 2_500_000
const LINE_MS = (PIECE_MESSAGE_BYTES / LINE_BYTES_PER_SECOND) * 1000
const PIECE_BYTES = 1024 * 1024
/** Messages of one holder that arrive one after the other: packets come in bursts. */
const BURST = 4

/** A reader behind one line, whose time passes as that carries what holders send, in turns. */
class Line {
  now = 1_000_000
  /** Bytes that each holder sent. */
  readonly sent = new Map<string, number>()
  readonly #waiting = new Map<string, (() => void)[]>()
  readonly #blocks: readonly TestBlock[]

  constructor(blocks: readonly TestBlock[]) {
    this.#blocks = blocks
  }

  /** A holder of the blocks at a distance. */
  async join(reader: TestSwarm, id: string, away: number, holds: readonly TestBlock[] = this.#blocks): Promise<void> {
    const { peer, joined } = await connectRaw(reader, id, { measurePath: () => Promise.resolve(away) })
    const queue: (() => void)[] = []
    this.#waiting.set(id, queue)
    this.sent.set(id, 0)
    const cancelled = new Set<number>()
    peer.onMessage = ({ request, cancel }) => {
      if (cancel !== undefined) cancelled.add(cancel.id)
      if (request === undefined) return
      const block = holds.find(({ cid }) => Buffer.from(request.cid).equals(cidBytes(cid)))
      if (block === undefined) throw new Error(`${id} was asked for what it has not`)
      const end = Math.min(PIECE_BYTES, request.offset + request.length)
      for (let offset = request.offset; offset < end; offset += PIECE_MESSAGE_BYTES)
        queue.push(() => {
          if (cancelled.has(request.id)) return
          const data = block.bytes.subarray(offset, Math.min(end, offset + PIECE_MESSAGE_BYTES))
          this.sent.set(id, (this.sent.get(id) ?? 0) + data.byteLength)
          peer.sendPiece({ id: request.id, offset, size: PIECE_BYTES, data })
        })
    }
    peer.hello()
    await joined
    const bits = allBits(this.#blocks.length)
    for (const [index, block] of this.#blocks.entries())
      if (!holds.includes(block)) bits[index >> 3] = (bits[index >> 3] ?? 0) & ~(0x80 >> (index & 7))
    peer.send({ bitfield: { root: cidBytes(ROOT), bits } })
  }

  /** Carries what waits, until this is over. */
  async carry(over: Promise<unknown>): Promise<void> {
    const state = { isOver: false }
    const end = (): void => {
      state.isOver = true
    }
    over.then(end, end)
    while (!state.isOver) {
      for (const queue of this.#waiting.values())
        for (const send of queue.splice(0, BURST)) {
          send()
          this.now += LINE_MS
          // The reader asks for more meanwhile.
          await wait(2)
        }
      await wait(1)
    }
    await over
  }
}

async function readerOf(line: Line, blocks: readonly TestBlock[]): Promise<TestSwarm> {
  const reader = await testSwarm('reader', [], {}, { now: () => line.now })
  await knowing(blocks, reader)
  return reader
}

describe('Where two holders share our full line', () => {
  it('the near one gives more and more of it, and what it has not comes from the far one meanwhile', async () => {
    const blocks = await testBlocks(24, PIECE_BYTES)
    const [first, second] = blocks
    if (first === undefined || second === undefined) throw new Error('There are no blocks')
    const line = new Line(blocks)
    const reader = await readerOf(line, blocks)
    const nearHas = blocks.filter((block) => block !== first && block !== second)
    await line.join(reader, 'far', 80)
    await line.join(reader, 'near', 5, nearHas)
    await until(reader.swarm, () => reader.swarm.availability(first.cid) === 1)
    await until(reader.swarm, () => reader.swarm.availability(blocks[2]?.cid ?? '') === 2)
    await line.carry(reader.swarm.prefetch(blocks.map(({ cid }) => cid)))
    const far = (line.sent.get('far') ?? 0) / PIECE_BYTES
    // Two that only it has; the rest is of the time before the line was known to be full. Without that it gives half.
    expect(far).toBeGreaterThanOrEqual(2)
    expect(far).toBeLessThan(10.5)
    await reader.swarm.stop()
  })

  it('two that are equally near give about the same', async () => {
    const blocks = await testBlocks(8, PIECE_BYTES)
    const line = new Line(blocks)
    const reader = await readerOf(line, blocks)
    for (const id of ['one', 'other']) await line.join(reader, id, 5)
    await until(reader.swarm, () => reader.swarm.availability(blocks[0]?.cid ?? '') === 2)
    await line.carry(reader.swarm.prefetch(blocks.map(({ cid }) => cid)))
    expect((line.sent.get('one') ?? 0) / PIECE_BYTES).toBeGreaterThan(2.5)
    expect((line.sent.get('other') ?? 0) / PIECE_BYTES).toBeGreaterThan(2.5)
    await reader.swarm.stop()
  })
})
