import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { bundlePages } from '@blackhole/benchmarks/page-server'

/** A script of a page, and files that it imports. */
export type PageScript = 'fetch-all' | 'webtorrent-all' | 'film' | 'film-webtorrent'

/** Bundles a page's script into a folder, as `ENTRY.js`. */
export async function writeScript(folder: string, entry: PageScript): Promise<void> {
  for (const [path, code] of await bundlePages(join(import.meta.dirname, 'pages'), [entry])) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), code)
  }
}
