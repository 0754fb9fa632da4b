import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publishFolder, startRelay } from '@blackhole/testkit'
import { launchChromium } from '../harness/browser.ts'
import type { ChromiumVisitor } from '@blackhole/testkit'

/** Time in ms for a small file that the worker has stored. */
export interface WorkerStart {
  /** The worker runs. */
  readonly warm: number
  /** It had been stopped, as Chromium does after 30 idle seconds: the browser reads, compiles and starts it first. */
  readonly cold: number
}

const FILE = 'small.txt'

/** Measures how long a stopped worker takes to answer, as often as it is told to. */
export async function measureWorkerStart(runs: number): Promise<WorkerStart[]> {
  const folder = await mkdtemp(join(tmpdir(), 'blackhole-start-'))
  const site = join(folder, 'site')
  await mkdir(site)
  await writeFile(
    join(site, 'index.html'),
    '<!doctype html><html lang="en"><head><title>Start</title></head><body></body></html>',
  )
  await writeFile(join(site, FILE), 'a few bytes')
  const relay = await startRelay({ data: join(folder, 'relay'), args: ['--log-level', 'error'] })
  const browser = await launchChromium()
  try {
    const { url } = await publishFolder(site, { relay: relay.url, home: join(folder, 'home') })
    const visitor = await browser.newVisitor()
    await visitor.page.goto(url)
    await visitor.page.evaluate(async () => {
      const { blackhole } = globalThis as unknown as { blackhole: { ready: Promise<unknown> } }
      await blackhole.ready
    })
    // Twice: the first is fetched and stored, the second shows that it was.
    await timeFetch(visitor)
    const results: WorkerStart[] = []
    for (let run = 0; run < runs; run++) {
      const warm = await timeFetch(visitor)
      await visitor.stopServiceWorkers()
      results.push({ warm, cold: await timeFetch(visitor) })
    }
    return results
  } finally {
    await browser.close()
    await relay.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function timeFetch(visitor: ChromiumVisitor): Promise<number> {
  return visitor.page.evaluate(async (file) => {
    const start = performance.now()
    const response = await fetch(file, { cache: 'no-store' })
    await response.arrayBuffer()
    const took = performance.now() - start
    if (!response.headers.has('x-blackhole-source')) throw new Error(`${file} did not come through the worker`)
    return took
  }, FILE)
}
