import type { BrowserContext, Page } from 'playwright'

/**
 * What a hostile visitor does to those who ask it for pieces.
 *
 * - `corrupt`: changes a byte in each larger message
 * - `stall`: sends the first 256 KiB, then nothing more, and keeps the connection
 * - `lack`: has none of the pieces that it said it has
 * - `flood`: sends junk all the time besides
 * - `replay`: offers the relay the record of an older version, again and again
 */
export type Attack = 'corrupt' | 'stall' | 'lack' | 'flood' | 'replay'

/** Makes a visitor's pages ready to become hostile; until {@link attack} they behave. */
export async function prepareAttack(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const state: { attack?: Attack; sent: number } = { sent: 0 }
    Object.assign(globalThis, { labAttack: state })
    // A class's method, called below with the channel that it was called on.
    const send = Object.getOwnPropertyDescriptor(RTCDataChannel.prototype, 'send')?.value as (
      this: RTCDataChannel,
      data: unknown,
    ) => void
    const LARGE = 4_096
    RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown): void {
      const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data instanceof Uint8Array ? data : undefined
      const large = bytes !== undefined && bytes.byteLength >= LARGE
      if (large) state.sent += bytes.byteLength
      if (state.attack === 'stall' && state.sent > 262_144) return
      if (state.attack === 'corrupt' && large) {
        const changed = bytes.slice()
        const middle = changed.byteLength >> 1
        changed[middle] = (changed[middle] ?? 0) ^ 1
        send.call(this, changed)
        return
      }
      if (state.attack === 'flood') {
        const junk = crypto.getRandomValues(new Uint8Array(16_384))
        for (let i = 0; i < 16 && this.bufferedAmount < 1_000_000; i++) send.call(this, junk)
      }
      send.call(this, data)
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
  const replayed: number[] = []
  Object.assign(globalThis, { labReplayed: replayed })
  setInterval(() => {
    void fetch(url, { method: 'PUT', body: record }).then(
      ({ status }) => replayed.push(status),
      () => undefined,
    )
  }, 200)
}

/** What the relay answered to the records that a page replayed. */
export async function replayedBy(page: Page): Promise<readonly number[]> {
  return await page.evaluate(() => (globalThis as unknown as { labReplayed?: number[] }).labReplayed ?? [])
}
