import { BlackholeError, MAX_MISSING_CIDS, type RelayInfo, type SiteName } from '@blackhole/protocol'
import type { RelayClient } from '../relay-client/relay-client.ts'
import { sleep } from '../sleep.ts'
import { encodeCar, type CarBlock } from './encode-car.ts'

/** Content to upload, such as a site import of `@blackhole/site`. */
export interface UploadSource {
  readonly root: string
  readonly blocks: ReadonlyMap<string, { readonly size: number }>
  readBlock(cid: string, options?: { signal?: AbortSignal | undefined }): Promise<Uint8Array<ArrayBuffer>>
}

/** Blocks and bytes, of how many. */
export interface UploadProgress {
  readonly blocks: number
  readonly bytes: number
  readonly totalBlocks: number
  readonly totalBytes: number
}

/** What an upload needs. */
export interface UploadComponents {
  readonly client: RelayClient
  readonly info: RelayInfo
  readonly token: () => Promise<string>
  readonly random: () => number
}

/** Options of {@link uploadMissing}. */
export interface UploadOptions {
  readonly site: SiteName
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined
}

/** A CAR is this part of what the relay takes at most: a broken upload repeats little. */
const CAR_SHARE = 8

/** Uploads at once: while one is checked by the relay the next is on its way. */
const PARALLEL = 2

/** Failures in a row, without a block getting through, after which the upload is given up. */
const MAX_FAILURES = 5

const BACKOFF_MS = 500

/**
 * Uploads the blocks that a relay lacks. When it breaks off, asks again what is
 * still missing and goes on from there, for as long as that gets anywhere.
 *
 * @returns the CIDs that the relay lacked at first
 * @throws what the relay refused with, or the last failure
 */
export async function uploadMissing(
  components: UploadComponents,
  source: UploadSource,
  options: UploadOptions,
): Promise<string[]> {
  const atFirst = await findMissing(components, [...source.blocks.keys()], options)
  const totalBytes = bytesOf(source, atFirst)
  let left = atFirst
  for (let failures = 0; left.length > 0;) {
    try {
      let done = atFirst.length - left.length
      let doneBytes = totalBytes - bytesOf(source, left)
      await uploadAll(components, source, left, options, (blocks, bytes) => {
        done += blocks
        doneBytes += bytes
        options.onProgress?.({ blocks: done, bytes: doneBytes, totalBlocks: atFirst.length, totalBytes })
      })
      break
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!mayPass(error)) throw error
      await sleep(BACKOFF_MS * 2 ** failures * (1 + components.random() / 2), { signal: options.signal })
      const still = await findMissing(components, left, options)
      failures = still.length < left.length ? 0 : failures + 1
      if (failures >= MAX_FAILURES) throw error
      left = still
    }
  }
  return atFirst
}

async function findMissing(
  components: UploadComponents,
  cids: readonly string[],
  options: UploadOptions,
): Promise<string[]> {
  const missing: string[] = []
  for (let at = 0; at < cids.length; at += MAX_MISSING_CIDS) {
    const part = cids.slice(at, at + MAX_MISSING_CIDS)
    missing.push(
      ...(await components.client.missing(options.site, part, await components.token(), { signal: options.signal })),
    )
  }
  return missing
}

async function uploadAll(
  components: UploadComponents,
  source: UploadSource,
  cids: readonly string[],
  options: UploadOptions,
  onUploaded: (blocks: number, bytes: number) => void,
): Promise<void> {
  const batches = batchesOf(source, cids, components.info.maxUploadBytes / CAR_SHARE)
  const { signal } = options
  const worker = async (): Promise<void> => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      try {
        const blocks: CarBlock[] = []
        for (const cid of batch) blocks.push({ cid, bytes: await source.readBlock(cid, { signal }) })
        await components.client.upload(options.site, encodeCar(source.root, blocks), await components.token(), {
          signal,
        })
      } catch (error) {
        // No new upload begins; the others end, since what gets through need not be sent again.
        batches.length = 0
        throw error
      }
      onUploaded(batch.length, bytesOf(source, batch))
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: PARALLEL }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** Groups blocks so that each group fits into one CAR; a block that is larger stands alone. */
function batchesOf(source: UploadSource, cids: readonly string[], maxBytes: number): string[][] {
  const batches: string[][] = []
  let room = 0
  for (const cid of cids) {
    const size = (source.blocks.get(cid)?.size ?? 0) + FRAMING_BYTES
    const last = batches.at(-1)
    if (last === undefined || size > room) {
      batches.push([cid])
      room = maxBytes - size
    } else {
      last.push(cid)
      room -= size
    }
  }
  return batches
}

/** A CID of 36 bytes and the section's length, in a CAR. */
const FRAMING_BYTES = 40

function bytesOf(source: UploadSource, cids: readonly string[]): number {
  return cids.reduce((sum, cid) => sum + (source.blocks.get(cid)?.size ?? 0), 0)
}

function mayPass(error: unknown): boolean {
  return error instanceof BlackholeError && (error.reason === 'unavailable' || error.reason === 'timeout')
}
