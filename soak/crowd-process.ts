/**
 * A process with visitors who use the SDK in Node. It is told by its parent when to leave, or is killed. Says `busy`
 * when all of them are in the middle of a large file.
 */
import process from 'node:process'
import type * as Sdk from '@blackhole/sdk'
import type { Blackhole, OpenSite } from '@blackhole/sdk'

/** As built, the way programs get it: it starts in half the time of its sources. */
const SDK = new URL('../packages/sdk/dist/index.js', import.meta.url).href

const [relay = '', site = '', large = '', ...small] = process.argv.slice(3)
const visitors = Number(process.argv[2])
const { createBlackhole } = (await import(SDK)) as typeof Sdk

async function visit(): Promise<Blackhole> {
  const blackhole = await createBlackhole({ relays: [relay] })
  const open = await blackhole.sites.open(site)
  for (const path of small) await read(open, path)
  // Never finished by those who are killed, given up by those who leave.
  void read(open, large).catch(() => undefined)
  return blackhole
}

async function read(open: OpenSite, path: string): Promise<void> {
  const response = await open.fetch(path)
  if (!response.ok) throw new Error(`${path}: ${String(response.status)}`)
  await response.arrayBuffer()
}

const all = await Promise.all(Array.from({ length: visitors }, visit))
process.once('message', () => {
  void Promise.all(all.map((blackhole) => blackhole.stop())).then(() => {
    process.exit(0)
  })
})
process.send?.('busy')
