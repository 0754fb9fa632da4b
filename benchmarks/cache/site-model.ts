import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { PIECE_BYTES } from '@blackhole/protocol'

/** A real site as a cache sees it: pages, and the files that each needs. */
export interface SiteModel {
  readonly name: string
  /** Bytes of each file. */
  readonly sizes: readonly number[]
  /** Files of each page, the page itself first; pages of the front come first. */
  readonly pages: readonly (readonly number[])[]
}

/** Real sites among the development dependencies: small, middle and large. */
const SITES = [
  ['html5-boilerplate', 'html5-boilerplate/dist'],
  ['sb-admin-2', 'startbootstrap-sb-admin-2'],
  ['admin-lte', 'admin-lte'],
] as const

const MODULES = join(import.meta.dirname, '../../node_modules')

/** Reads the real sites: which files their pages name (`src`, `href`, and `url()` in styles), and how large these are. */
export function realSites(): SiteModel[] {
  return SITES.map(([name, folder]) => readSite(name, join(MODULES, folder)))
}

/** Bytes of a file's pieces. An empty file is a piece of one byte, since caches here count bytes. */
export function pieceSizes(bytes: number): number[] {
  const sizes: number[] = []
  for (let left = Math.max(1, bytes); left > 0; left -= PIECE_BYTES) sizes.push(Math.min(left, PIECE_BYTES))
  return sizes
}

function readSite(name: string, root: string): SiteModel {
  const numbers = new Map<string, number>()
  const sizes: number[] = []
  const number = (path: string): number => {
    const known = numbers.get(path)
    if (known !== undefined) return known
    numbers.set(path, sizes.length)
    sizes.push(statSync(join(root, path)).size)
    return sizes.length - 1
  }
  const pages = globSync('**/*.html', {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|plugins|build)$/.test(path),
  })
    .map((path) => path.replaceAll('\\', '/'))
    .sort((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1))
    .map((page) => {
      const files = references(root, page)
      const styles = files.filter((file) => file.endsWith('.css')).flatMap((file) => references(root, file))
      return [...new Set([page, ...files, ...styles])].map(number)
    })
  return { name, sizes, pages }
}

function references(root: string, file: string): string[] {
  const pattern = file.endsWith('.css') ? /url\(["']?([^"')?#]+)/g : /(?:\ssrc|<link[^>]*\shref)=["']([^"'?#]+)["']/g
  return [...readFileSync(join(root, file), 'utf8').matchAll(pattern)]
    .map(([, target = '']) => posix.normalize(posix.join(posix.dirname(file), target)))
    .filter((path) => !path.startsWith('..') && existsSync(join(root, path)) && statSync(join(root, path)).isFile())
}
