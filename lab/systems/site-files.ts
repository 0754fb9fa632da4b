import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ListedFile } from './pages/visit-log.ts'

/** Pictures that a short run has: the smallest ones. */
const SHORT_PICTURES = 8

/** The name of the film among the site's files. */
export const FILM = 'film.mp4'

/** The page of a scenario: what every visitor gets in the end. */
export interface SiteFiles {
  readonly folder: string
  readonly files: readonly ListedFile[]
  /** Bytes of all files. */
  readonly bytes: number
  /** Those of the files that the page shows as pictures. */
  readonly pictures: readonly string[]
}

/**
 * Makes the site: the pictures of `admin-lte`, and random bytes that stand for
 * a film and fill the site up to its size.
 *
 * @param bytes - of all files; below 10 MB a few small pictures only
 */
export async function makeSiteFiles(folder: string, bytes: number): Promise<SiteFiles> {
  const source = fileURLToPath(new URL('./dist/img/', import.meta.resolve('admin-lte/package.json')))
  await mkdir(join(folder, 'img'), { recursive: true })
  const names = (await readdir(source)).filter((name) => /\.(png|jpg)$/.test(name))
  const sized = await Promise.all(names.map(async (name) => ({ name, size: (await stat(join(source, name))).size })))
  const pictures = sized
    .sort((a, b) => a.size - b.size)
    .slice(0, bytes < 10e6 ? SHORT_PICTURES : sized.length)
    .map(({ name }) => `img/${name}`)
  for (const picture of pictures) await cp(join(source, picture.slice('img/'.length)), join(folder, picture))
  const shown = await Promise.all(pictures.map((path) => list(folder, path)))
  const left = bytes - sizeOf(shown)
  if (left <= 0) throw new RangeError(`The pictures alone have more than ${bytes} bytes`)
  await writeFile(join(folder, FILM), randomBytes(left))
  const files = [...shown, await list(folder, FILM)]
  await writeFile(join(folder, 'files.json'), JSON.stringify(files))
  return { folder, files, bytes: sizeOf(files), pictures }
}

/**
 * The page: pictures that it shows itself, and a script that gets the rest.
 *
 * @param waits - the script shows the pictures too, when it is time
 */
export function pageOf(pictures: readonly string[], head: string, script: string, waits = false): string {
  const images = pictures.map((path) => `<img ${waits ? 'data-src' : 'src'}="/${path}" alt="">`).join('\n')
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><link rel="icon" href="data:,"><title>A page of the laboratory</title>${head}</head>
<body>
${images}
${script}
</body>
</html>
`
}

async function list(folder: string, path: string): Promise<ListedFile> {
  const content = await readFile(join(folder, path))
  return { path, size: content.byteLength, sha256: createHash('sha256').update(content).digest('hex') }
}

function sizeOf(files: readonly ListedFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}

/** Bytes that nothing can compress. */
function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, length)))
  return bytes
}
