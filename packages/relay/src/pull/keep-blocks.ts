import { parseCid } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import type { ImportedBlocks } from '@blackhole/site'
import type { BlockVault } from '../content/block-vault.ts'

/**
 * Puts imported blocks into the vault, one in memory at a time, charged to the site.
 *
 * @throws {BlackholeError} `full`
 */
export async function keepBlocks(
  vault: BlockVault,
  site: SiteName,
  blocks: ImportedBlocks,
  signal: AbortSignal,
): Promise<void> {
  for (const text of blocks.cids) {
    signal.throwIfAborted()
    const cid = parseCid(text)
    const bytes = await blocks.readBlock(text, { signal })
    await vault.checkRoom(site, bytes.byteLength)
    await vault.write(cid, bytes, 'origin')
    // One by one, so that the next one's room is what is left.
    vault.commit([{ cid, size: bytes.byteLength }], site)
  }
}
