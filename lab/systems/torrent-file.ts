import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SiteFiles } from './site-files.ts'

/** What bencoding (BEP 3) knows; keys of a dictionary must be sorted. */
type Bencoded = number | string | Uint8Array | readonly Bencoded[] | { readonly [key: string]: Bencoded }

/** Bytes of a piece: what `create-torrent` takes for 30 MB, through `piece-length`. */
const PIECE_BYTES = 32 * 1024

/**
 * The torrent (BEP 3) of a site's files with its origins as web seeds (BEP 19).
 *
 * @param webSeeds - URLs of folders in which a folder `name` has the files
 * @param trackers - one at least; a client announces to all of them (BEP 12, one tier)
 */
export async function torrentFile(
  { folder, files }: SiteFiles,
  {
    name,
    webSeeds,
    trackers,
  }: { readonly name: string; readonly webSeeds: readonly string[]; readonly trackers: readonly string[] },
): Promise<Uint8Array> {
  const content = Buffer.concat(await Promise.all(files.map(({ path }) => readFile(join(folder, path)))))
  const pieces: Buffer[] = []
  for (let at = 0; at < content.byteLength; at += PIECE_BYTES) {
    pieces.push(
      createHash('sha1')
        .update(content.subarray(at, at + PIECE_BYTES))
        .digest(),
    )
  }
  return bencode({
    announce: trackers[0] ?? '',
    'announce-list': [trackers],
    info: {
      files: files.map(({ path, size }) => ({ length: size, path: path.split('/') })),
      name,
      'piece length': PIECE_BYTES,
      pieces: Buffer.concat(pieces),
    },
    'url-list': webSeeds,
  })
}

function bencode(value: Bencoded): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') return bencode(Buffer.from(value))
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.byteLength}:`), value])
  if (Array.isArray(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')])
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat([Buffer.from('d'), ...entries.flat().map(bencode), Buffer.from('e')])
}
