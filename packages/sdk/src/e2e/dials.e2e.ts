import { launchChromium, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { measured } from './measured.ts'
import { dialsOf, open } from './page.ts'
import { PublishedSite } from './published-site.ts'

const DIALS = 100
const MAX_DIAL_MS = 2_000

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  // One holder, and visitors who want one peer: each dials the holder, and nobody else. They need no worker for that.
  await site.addPage('index.html', { 'max-peers': '24' })
  await site.addPage('visitor.html', { 'max-peers': '1', worker: 'none' })
  await site.publish()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

test(
  'a hundred fresh visitors in a row all reach the one who is there, within two seconds',
  { tag: '@alone' },
  async () => {
    // Most of it is loading a hundred pages, which a machine with other work to do takes long for.
    test.setTimeout(900_000)
    const holder = await browser.newVisitor()
    await open(holder, site.url)

    const dials: number[] = []
    const failures: string[] = []
    for (let number = 0; number < DIALS; number++) {
      const visitor = await browser.newVisitor()
      dials.push(await dial(visitor, failures))
      await visitor.context.close()
    }
    const firstOnes = middleOf(dials.slice(0, DIALS / 4))
    const lastOnes = middleOf(dials.slice(-DIALS / 4))

    dials.sort((a, b) => a - b)
    const at = (part: number): string => (dials[Math.ceil(part * dials.length) - 1] ?? NaN).toFixed(0)
    const figures = `${String(dials.length)} dials in ms: median ${at(0.5)}, 90 % ${at(0.9)}, 99 % ${at(0.99)}, slowest ${at(1)}; median of the first quarter ${firstOnes.toFixed(0)}, of the last ${lastOnes.toFixed(0)}`
    measured(`${figures}${failures.length === 0 ? '' : `; ${failures.join(', ')}`}`)
    expect(dials).toHaveLength(DIALS)
    expect(dials.at(-1)).toBeLessThan(MAX_DIAL_MS)
  },
)

/** Milliseconds of a fresh visitor's dial to the holder. */
async function dial(visitor: ChromiumVisitor, failures: string[]): Promise<number> {
  visitor.page.on('console', (message) => {
    if (message.type() === 'debug') failures.push(message.text())
  })
  await visitor.goto(`${site.url}visitor.html`)
  await visitor.waitFor(() => performance.getEntriesByName('blackhole:dial').length > 0, { timeoutMs: 15_000 })
  const [first] = await dialsOf(visitor)
  return first?.ms ?? NaN
}

function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}
