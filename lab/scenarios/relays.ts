import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ratio, row } from '@blackhole/benchmarks/report'
import { openBrowser } from '../hosts/lab-browser.ts'
import { LabRelay } from '../hosts/lab-relay.ts'
import { LabNetwork } from '../network/lab-network.ts'
import { writeTagged } from '../systems/blackhole.ts'
import { makeSiteFiles } from '../systems/site-files.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { openSite } from './visits.ts'
import type { LabVisitor } from '../hosts/lab-browser.ts'
import type { SiteFiles } from '../systems/site-files.ts'
import type { Scenario } from './scenario.ts'

const LINES = { relay: { upMbit: 20, downMbit: 20 }, visitor: { upMbit: 20, downMbit: 20 } } as const
const FULL = Object.freeze({ each: 3, siteBytes: 20e6 })
const SHORT = Object.freeze({ each: 1, siteBytes: 5e6 })
const PATIENCE_MS = 120_000

/** Until everyone has a new version: a page of the relay that is gone has to find another one first. */
const NEWS_MS = 60_000

/** A text that each version has, so that visitors can tell which one they see. */
const NEWS = 'news.txt'

/** Two relays of a federation, one of which dies. Plain HTTP and WebTorrent have one origin, with which they are gone. */
export const relays: Scenario = {
  about:
    'visitors of two relays are one swarm; one relay is killed: the site stays up, and a publish at the other reaches everyone',
  run: ({ short }) =>
    withTemporaryFolder(async (folder) => {
      const { each, siteBytes } = short ? SHORT : FULL
      const site = await makeSiteFiles(join(folder, 'site'), siteBytes)
      const outcome = await outlive(each, site, folder)
      const megabytes = (bytes: number): number[] => [bytes / 1e6]
      return {
        rows: [
          row('site', 'MB', megabytes(site.bytes)),
          row('everything there, each who came to the second relay', 's', outcome.seconds),
          row('sent to them by visitors of the first relay', 'MB', megabytes(outcome.fromVisitors)),
          row('sent to them by the second relay', 'MB', megabytes(outcome.fromRelay)),
          row('first relay killed: new version read, each', 's', outcome.news),
          row('first relay killed: page opened anew, next version read, each', 's', outcome.reopened),
          row('first relay killed: everything there, one who came then', 's', [outcome.late]),
        ],
        ratios: [
          ratio(
            'sent by visitors of the first relay / all they got',
            outcome.fromVisitors / (outcome.fromVisitors + outcome.fromRelay),
            '>=',
            0.3,
          ),
          ratio('visitors who read the new version / all', outcome.news.length / (2 * each), '>=', 1),
          ratio(
            'visitors of the dead relay who came back and read the next one / all',
            outcome.reopened.length / each,
            '>=',
            1,
          ),
        ],
      }
    }),
}

async function outlive(each: number, site: SiteFiles, folder: string) {
  const network = await LabNetwork.create()
  const visitors: LabVisitor[] = []
  try {
    const first = await LabRelay.start(await network.addHost('first', LINES.relay), join(folder, 'first'), [
      '--federate',
    ])
    const second = await LabRelay.start(await network.addHost('second', LINES.relay), join(folder, 'second'), [
      '--fellow',
      first.url,
    ])
    const hosted = await first.createSite()
    const root = join(folder, 'published')
    await writeTagged(root, site, hosted.name)
    const publish = async (text: string, at: LabRelay): Promise<void> => {
      await writeFile(join(root, NEWS), text)
      await hosted.publish(root, at)
    }
    await publish('first version', first)
    const come = async (relay: LabRelay, name: string): Promise<number> => {
      // The site's name leads to one relay; the addresses of both can be reached by all.
      const browser = { hosts: { ...first.hosts, ...second.hosts, ...relay.hosts }, secureOrigins: [hosted.origin] }
      const visitor = await openBrowser(await network.addHost(name, LINES.visitor), folder, browser)
      visitors.push(visitor)
      const begin = Date.now()
      return ((await openSite(visitor, `${hosted.origin}/`, PATIENCE_MS)).doneAt - begin) / 1000
    }
    const here = Array.from({ length: each }, (_, at) => `first-${at + 1}`)
    for (const name of here) await come(first, name)
    const before = await network.traffic()
    const seconds: number[] = []
    for (let at = 0; at < each; at++) seconds.push(await come(second, `second-${at + 1}`))
    const after = await network.traffic()
    const sent = (name: string): number => (after.get(name)?.sent ?? 0) - (before.get(name)?.sent ?? 0)

    await first.kill()
    await publish('second version', second)
    const news = await readers(visitors, 'second version')
    const ofFirst = visitors.slice(0, each)
    await Promise.all(ofFirst.map(({ visitor }) => visitor.goto(`${hosted.origin}/`, { timeoutMs: PATIENCE_MS })))
    await publish('third version', second)
    const reopened = await readers(ofFirst, 'third version')
    return {
      seconds,
      fromVisitors: here.reduce((sum, name) => sum + sent(name), 0),
      fromRelay: sent('second'),
      news,
      reopened,
      late: await come(second, 'late'),
    }
  } finally {
    await Promise.all(visitors.map((visitor) => visitor.close().catch(() => undefined)))
    network.close()
  }
}

/** Seconds until each reads the text; who doesn't in time is left out. */
async function readers(visitors: readonly LabVisitor[], text: string): Promise<number[]> {
  const begin = Date.now()
  const all = await Promise.all(
    visitors.map(async ({ visitor }) =>
      visitor
        .evaluate(reads, { path: `/${NEWS}`, text, timeoutMs: NEWS_MS })
        .then((read) => (read ? Date.now() - begin : undefined)),
    ),
  )
  return all.filter((ms) => ms !== undefined).map((ms) => ms / 1000)
}

/** An open page keeps its version; a frame in it is a new document, which has the newest. */
async function reads({ path, text, timeoutMs }: { path: string; text: string; timeoutMs: number }): Promise<boolean> {
  for (const end = performance.now() + timeoutMs; performance.now() < end;) {
    const frame = document.createElement('iframe')
    const loaded = new Promise((resolve) => {
      frame.addEventListener('load', resolve)
    })
    frame.src = path
    document.body.append(frame)
    await loaded
    const found = frame.contentDocument?.body.textContent
    frame.remove()
    if (found === text) return true
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return false
}
