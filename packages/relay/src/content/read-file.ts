import { NotFoundError, parseCid } from '@blackhole/protocol'
import type { ManifestFile } from '@blackhole/protocol'
import { fileSlices } from '@blackhole/site'
import type { BlockVault } from './block-vault.ts'

/**
 * Bytes `start` to `end` (excluded) of a file, piece by piece as they are
 * asked for.
 *
 * @throws {NotFoundError} when the relay lacks a piece; what was yielded before is right
 */
export async function* readFile(
  vault: BlockVault,
  file: ManifestFile,
  start = 0,
  end = file.size,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (const slice of fileSlices(file, start, end)) {
    const bytes = await vault.get(parseCid(slice.cid))
    if (bytes === undefined) throw new NotFoundError(slice.cid)
    yield bytes.subarray(slice.start, slice.end)
  }
}
