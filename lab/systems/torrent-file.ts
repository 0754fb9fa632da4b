import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SiteFiles } from './site-files.ts'

/** What bencoding (BEP 3) knows; keys of a dictionary must be sorted. */
type Bencoded = number | string | Uint8Array | readonly Bencoded[] | { readonly [key: string]: Bencoded }

/** Bytes of a piece: what `create-torrent` takes for 30 MB, through `piece-length`. */
const PIECE_BYTES = 32 * 1024

/**
 * The torrent (BEP 3) of a site's files with its origin as web seed (BEP 19).
 *
 * @param webSeed - URL of the folder in which a folder `name` has the files
 */
export async function torrentFile(
  { folder, files }: SiteFiles,
  { name, webSeed, tracker }: { readonly name: string; readonly webSeed: string; readonly tracker: string },
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
    announce: tracker,
    'announce-list': [[tracker]],
    info: {
      files: files.map(({ path, size }) => ({ length: size, path: path.split('/') })),
      name,
      'piece length': PIECE_BYTES,
      pieces: Buffer.concat(pieces),
    },
    'url-list': [webSeed],
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
