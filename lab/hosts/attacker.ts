import { randomBytes } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright'

/**
 * What a hostile visitor does to those who ask it for pieces.
 *
 * - `corrupt`: changes a byte in each larger message
 * - `stall`: sends the first 256 KiB, then no answer more, and keeps the connection alive
 * - `lack`: has none of the pieces that it said it has
 * - `flood`: asks for blocks, a thousand times a second and more
 * - `replay`: offers the relay the record of an older version, again and again
 */
export type Attack = 'corrupt' | 'stall' | 'lack' | 'flood' | 'replay'

/** Requests that a flood repeats, and how many of them it sends how often. */
const FLOOD = { requests: 2_000, atOnce: 100, everyMs: 50 } as const

/** Makes a visitor's pages ready to become hostile; until {@link attack} they behave. */
export async function prepareAttack(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const state = { attack: undefined as Attack | undefined, sent: 0, channels: new Set<RTCDataChannel>() }
    Object.assign(globalThis, { labAttack: state })
    // A class's method, called below with the channel that it was called on.
    const send = Object.getOwnPropertyDescriptor(RTCDataChannel.prototype, 'send')?.value as (
      this: RTCDataChannel,
      data: unknown,
    ) => void
    const LARGE = 4_096
    // libp2p's channels have no label; of theirs, messages of peers about pieces begin with 0 (docs/wire.md).
    const isOfPieces = (channel: RTCDataChannel, bytes: Uint8Array): boolean => channel.label !== '' || bytes[0] === 0
    RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown): void {
      const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data instanceof Uint8Array ? data : undefined
      const large = bytes !== undefined && bytes.byteLength >= LARGE
      const ofPieces = bytes !== undefined && isOfPieces(this, bytes)
      if (ofPieces) state.channels.add(this)
      if (large) state.sent += bytes.byteLength
      if (state.attack === 'stall' && ofPieces && state.sent > 262_144) return
      if (state.attack !== 'corrupt' || !large) {
        send.call(this, data)
        return
      }
      const changed = bytes.slice()
      const middle = changed.byteLength >> 1
      changed[middle] = (changed[middle] ?? 0) ^ 1
      send.call(this, changed)
    }
  })
}

/** Lets a page that has everything begin its attack. */
export async function attack(page: Page, kind: Attack): Promise<void> {
  await page.evaluate((kind) => {
    const { labAttack } = globalThis as unknown as { labAttack: { attack?: Attack; sent: number } }
    Object.assign(labAttack, { attack: kind, sent: 0 })
  }, kind)
  if (kind === 'lack') await page.evaluate(forgetPieces)
  if (kind === 'replay') await page.evaluate(replayRecord)
  if (kind === 'flood') {
    const ids = Array.from({ length: FLOOD.requests }, (_, id) => 0x4000_0000 + id)
    const [blocks, pieces] = [ids.map(requestForBlock), ids.map(requestForPiece)]
    await page.evaluate(floodRequests, { blocks, pieces, ...FLOOD })
  }
}

/** A request to a peer of ours for a block that nobody has, in its frame. */
function requestForBlock(id: number): number[] {
  // CIDv1, raw, SHA-256.
  const cid = [0x01, 0x55, 0x12, 0x20, ...randomBytes(32)]
  const varint = [0, 7, 14, 21, 28].map((shift) => ((id >>> shift) & 0x7f) | (shift < 28 ? 0x80 : 0))
  const request = [0x08, ...varint, 0x12, cid.length, ...cid]
  return [2 + request.length, 0x2a, request.length, ...request]
}

/** BitTorrent's request for 16 KiB of the first piece (BEP 3). */
function requestForPiece(id: number): number[] {
  return [0, 0, 0, 13, 6, 0, 0, 0, 0, 0, 0, (id & 1) << 6, 0, 0, 0, 0x40, 0]
}

/** Sends requests on every channel on which the page sent any message about pieces. */
function floodRequests(flood: { blocks: number[][]; pieces: number[][]; atOnce: number; everyMs: number }): void {
  const { labAttack } = globalThis as unknown as { labAttack: { channels: Set<RTCDataChannel> } }
  let at = 0
  setInterval(() => {
    for (const channel of labAttack.channels) {
      if (channel.readyState !== 'open' || channel.bufferedAmount > 1_000_000) continue
      const isOurs = channel.label === ''
      const all = isOurs ? flood.blocks : flood.pieces
      const some = all.slice(at, at + flood.atOnce)
      channel.send(Uint8Array.from([...(isOurs ? [0] : []), ...some.flat()]))
    }
    at = (at + flood.atOnce) % flood.blocks.length
  }, flood.everyMs)
}

/** Empties the store behind the peer's back: it goes on saying what it had. */
async function forgetPieces(): Promise<void> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open('blackhole-pieces')
    opening.onsuccess = () => {
      resolve(opening.result)
    }
    opening.onerror = () => {
      reject(opening.error ?? new Error('IndexedDB failed'))
    }
  })
  await new Promise<void>((resolve, reject) => {
    const clearing = database.transaction('pieces', 'readwrite').objectStore('pieces').clear()
    clearing.onsuccess = () => {
      resolve()
    }
    clearing.onerror = () => {
      reject(clearing.error ?? new Error('IndexedDB failed'))
    }
  })
  database.close()
}

/** Keeps the record that the relay has now, and offers it to the relay five times a second from now on. */
async function replayRecord(): Promise<void> {
  const site = document.querySelector<HTMLElement>('script[data-site]')?.dataset['site'] ?? ''
  const url = `/.blackhole/api/v1/sites/${site}/record`
  const record = await (await fetch(url)).arrayBuffer()
  const replayed: string[] = []
  Object.assign(globalThis, { labReplayed: replayed })
  setInterval(() => {
    void fetch(url, { method: 'PUT', body: record }).then(
      async (response) => {
        const { reason = 'taken' } = (await response.json().catch(() => ({}))) as { reason?: string }
        replayed.push(response.ok ? 'taken' : reason)
      },
      () => undefined,
    )
  }, 200)
}

/** What the relay answered to each record that a page replayed: `taken`, or the reason why not. */
export async function replayedBy(page: Page): Promise<readonly string[]> {
  return await page.evaluate(() => (globalThis as unknown as { labReplayed?: string[] }).labReplayed ?? [])
}
