import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a site's owner does by hand: the tag in each page, and one file at the root. */
export interface TagOptions {
  /** Origin of the relay. */
  readonly relay: string
  /** Name of the site, `k51…`. */
  readonly site: string
}

/** Copies a site and adds Blackhole to the copy. The site is small, so each visitor is to hold all of it. */
export async function addTag(from: string, to: string, { relay, site }: TagOptions): Promise<void> {
  const tag = `<script async src="${relay}/blackhole.js" data-site="${site}" data-seed="all"></script>`
  await cp(from, to, { recursive: true })
  for (const path of await readdir(to, { recursive: true })) {
    if (!path.endsWith('.html')) continue
    const html = await readFile(join(to, path), 'utf8')
    await writeFile(join(to, path), html.replace('</head>', `  ${tag}\n  </head>`))
  }
  await writeFile(join(to, 'blackhole-sw.js'), `importScripts("${relay}/blackhole-sw.js")\n`)
}
