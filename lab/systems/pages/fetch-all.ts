import { VisitRecorder } from './visit-log.ts'
import type { ListedFile } from './visit-log.ts'

/** What the loader puts into a page, as far as it is used here. */
interface PageBlackhole {
  readonly ready: Promise<void>
}

/** Files under way at once, as browsers have it for one HTTP/1.1 origin. */
const PARALLEL = 6

/** A page waits no longer for Blackhole before it asks for its film. */
const READY_TIMEOUT_MS = 60_000

/**
 * The page's own script, the same for plain HTTP and for Blackhole: once the
 * page is loaded, and Blackhole ready where there is one, it shows the pictures
 * that waited for that, after them gets every other file with `fetch()`, and
 * compares it with what the owner made.
 */
async function main(): Promise<void> {
  const recorder = new VisitRecorder()
  const listed = fetch('/files.json').then(async (response) => (await response.json()) as ListedFile[])
  if (document.readyState !== 'complete') {
    await new Promise((resolve) => {
      addEventListener('load', resolve, { once: true })
    })
  }
  const { blackhole } = globalThis as { blackhole?: PageBlackhole }
  const late = new Promise<void>((resolve) => setTimeout(resolve, READY_TIMEOUT_MS))
  await Promise.race([blackhole?.ready, late]).catch(() => undefined)
  const all = await listed
  const shown = new Map([...document.images].map((image) => [sourceOf(image).pathname.slice(1), image]))
  const pictures = all.flatMap(({ path, size }) => {
    const image = shown.get(path)
    return image === undefined ? [] : [show(image, path, size, recorder)]
  })
  // A page without Blackhole has its pictures before it asks for more.
  await Promise.all(pictures)
  const files = all.filter(({ path }) => !shown.has(path)).values()
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const file of files) {
        await get(file, recorder).catch((error: unknown) => {
          recorder.failed(`${file.path}: ${String(error)}`)
        })
      }
    }),
  )
  recorder.done()
}

function sourceOf(image: HTMLImageElement): URL {
  return new URL(image.dataset['src'] ?? image.src, location.href)
}

async function show(image: HTMLImageElement, path: string, size: number, recorder: VisitRecorder): Promise<void> {
  const begin = performance.now()
  const { href } = sourceOf(image)
  if (image.src !== href) {
    const ended = new Promise((resolve) => {
      for (const event of ['load', 'error']) image.addEventListener(event, resolve, { once: true })
    })
    image.src = href
    await ended
  }
  if (image.naturalWidth === 0) recorder.failed(`${path} is not shown`)
  recorder.arrived(size)
  // The page may have asked for it, and have had it, long before this script ran.
  const [fetched] = performance.getEntriesByName(href, 'resource') as PerformanceResourceTiming[]
  recorder.whole(path, fetched?.startTime ?? begin, fetched?.responseEnd ?? performance.now())
}

async function get({ path, size, sha256 }: ListedFile, recorder: VisitRecorder): Promise<void> {
  const begin = performance.now()
  const response = await fetch(`/${path}`)
  if (!response.ok || response.body === null) throw new Error(`status ${response.status}`)
  const bytes = new Uint8Array(size)
  let length = 0
  const reader = response.body.getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (length + part.value.byteLength > size) throw new Error('longer than the file')
    bytes.set(part.value, length)
    length += part.value.byteLength
    recorder.arrived(part.value.byteLength)
  }
  if (length !== size) throw new Error(`${length} of ${size} bytes`)
  const end = performance.now()
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  if (hex !== sha256) throw new Error('WRONG BYTES')
  recorder.whole(path, begin, end)
}

void main()
