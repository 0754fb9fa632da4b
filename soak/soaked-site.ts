import { OwnedSite, seededBytes } from '@blackhole/testkit'
import type { RelayProcess } from '@blackhole/testkit'

const KiB = 1024

/** What the browser may store: less than the site has, so that pieces are given up all the time. */
export const STORAGE_LIMIT_BYTES = 8 * 1024 * KiB

/** A file that takes seconds at a visitor's rate of upload. */
export const LARGE = '/video.bin'

const PICTURES = 32

/** Paths of the small files. */
export const SMALL: readonly string[] = Array.from({ length: PICTURES }, (_, at) => `/picture-${String(at)}.bin`)

/** Publishes a site of 12 MiB. */
export async function publishSite(relay: RelayProcess): Promise<OwnedSite> {
  const site = await OwnedSite.create(relay)
  await site.write('index.html', page(site.name))
  await site.write(LARGE.slice(1), seededBytes(4 * 1024 * KiB, 1))
  for (const [at, path] of SMALL.entries()) await site.write(path.slice(1), seededBytes(256 * KiB, 2 + at))
  await site.publish()
  return site
}

/** Changes one of the files and publishes that. */
export async function publishAgain(site: OwnedSite, time: number): Promise<void> {
  await site.write((SMALL[time % SMALL.length] ?? '').slice(1), seededBytes(256 * KiB, 1000 + time))
  await site.publish()
}

function page(name: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>Soaked</title>
<script async src="/.blackhole/blackhole.js" data-site="${name}" data-worker="/.blackhole/blackhole-sw.js" data-eager data-storage-limit="${String(STORAGE_LIMIT_BYTES)}"></script>
</head>
<body><h1>Soaked</h1></body>
</html>
`
}
