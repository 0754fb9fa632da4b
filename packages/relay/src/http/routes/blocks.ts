import { CarBlockIterator } from '@ipld/car/iterator'
import { LimitError, MAX_MISSING_CIDS, ValidationError, parseCid, parseSiteName, relayPaths } from '@blackhole/protocol'
import type { SiteName, UploadResult } from '@blackhole/protocol'
import type { CID } from 'multiformats/cid'
import { MAX_JSON_BYTES } from '../../limits.ts'
import { verifyPublisher } from '../../tokens.ts'
import { headerOf, limitedBody, readJson } from '../body.ts'
import type { HttpApp, HttpContext } from '../context.ts'

/** Blocks and bytes after which an upload's blocks are made to count: what a killed relay may have to get again. */
const COMMIT_BLOCKS = 64
const COMMIT_BYTES = 4 * 1024 * 1024

/** Uploading what the relay lacks of a version. */
export function blockRoutes(app: HttpApp, context: HttpContext): void {
  app.post(relayPaths.missing(':name' as SiteName), async (c) => {
    const name = parseSiteName(c.req.param('name'))
    await verifyPublisher(headerOf(c.req.raw, 'authorization'), name, context.peerId, context.now())
    context.policy.check(name, c.get('address'))
    const { cids } = await readJson(c.req.raw, MAX_JSON_BYTES)
    if (!Array.isArray(cids)) throw new ValidationError('cids', 'a list of CIDs', cids)
    if (cids.length > MAX_MISSING_CIDS) throw new LimitError('cids', MAX_MISSING_CIDS, cids.length)
    const missing = context.vault.missing(cids.map((cid) => parseCid(cid, 'cids')))
    return c.json({ missing: missing.map(String) })
  })
  app.post(relayPaths.blocks(':name' as SiteName), async (c) => {
    const name = parseSiteName(c.req.param('name'))
    await verifyPublisher(headerOf(c.req.raw, 'authorization'), name, context.peerId, context.now())
    context.policy.check(name, c.get('address'))
    const result = await upload(context, name, c.req.raw)
    context.metrics.uploaded(result.bytes)
    return c.json(result)
  })
}

/**
 * Stores the blocks of a CAR one by one, and makes them count every few
 * megabytes. Those before a bad one, or before the relay was killed, stay: the
 * sender asks what is missing and goes on from there.
 */
async function upload(context: HttpContext, name: SiteName, request: Request): Promise<UploadResult> {
  const { vault } = context
  const total = { stored: 0, bytes: 0 }
  let batch: { cid: CID; size: number }[] = []
  let batchBytes = 0
  let left = 0
  const commit = (): void => {
    vault.commit(batch, name)
    batch = []
    batchBytes = 0
  }
  const checkRoom = async (): Promise<void> => {
    await vault.checkRoom(name, batchBytes)
    left = vault.left(name)
  }
  await checkRoom()
  try {
    for await (const { cid, bytes } of await blocksOf(
      limitedBody(request, 'upload bytes', context.init.maxUploadBytes),
    )) {
      if (batchBytes + bytes.byteLength > left) await vault.checkRoom(name, batchBytes + bytes.byteLength)
      if (await vault.write(cid, bytes, 'the upload')) {
        total.stored += 1
        total.bytes += bytes.byteLength
        batchBytes += bytes.byteLength
      }
      batch.push({ cid, size: bytes.byteLength })
      if (batch.length < COMMIT_BLOCKS && batchBytes < COMMIT_BYTES) continue
      commit()
      // Other uploads go on meanwhile: what they took is gone.
      await checkRoom()
    }
  } finally {
    commit()
  }
  return total
}

/**
 * Reads the blocks of a CAR one by one, unverified.
 *
 * @throws {ValidationError} when the body is no CAR; what its stream throws passes as it is
 */
export async function blocksOf(
  body: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<{ cid: CID; bytes: Uint8Array }>> {
  const guarded = guard(body)
  const malformed = (cause: unknown): unknown =>
    guarded.failed ?? new ValidationError('upload', 'a CAR (version 1)', undefined, { cause })
  const blocks = await CarBlockIterator.fromIterable(guarded.chunks()).catch((cause: unknown) => {
    throw malformed(cause)
  })
  return (async function* () {
    const iterator = blocks[Symbol.asyncIterator]()
    for (;;) {
      const next = await iterator.next().catch((cause: unknown) => {
        throw malformed(cause)
      })
      if (next.done === true) return
      yield next.value
    }
  })()
}

/** Remembers an error of the stream itself, to tell it from an error of the parser. */
function guard(body: AsyncIterable<Uint8Array>): { failed: unknown; chunks(): AsyncGenerator<Uint8Array> } {
  const state = {
    failed: undefined as unknown,
    async *chunks(): AsyncGenerator<Uint8Array> {
      try {
        yield* body
      } catch (error) {
        state.failed = error
        throw error
      }
    },
  }
  return state
}
