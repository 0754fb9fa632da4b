import { join } from 'node:path'
import { ratio, row } from '@blackhole/benchmarks/report'
import { curveOf } from '../charts/crowd-chart.ts'
import { panelChart } from '../charts/panels.ts'
import { openBrowser } from '../hosts/lab-browser.ts'
import { LabNetwork } from '../network/lab-network.ts'
import { makeSiteFiles } from '../systems/site-files.ts'
import { twinSystems } from '../systems/two-origins.ts'
import { sampling, sentBy } from './lines.ts'
import { resourceFindings } from './resource-times.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { openSite, visitOf } from './visits.ts'
import type { Ratio, Row } from '@blackhole/benchmarks/report'
import type { SentSample } from '../charts/panels.ts'
import type { LabVisitor } from '../hosts/lab-browser.ts'
import type { LabHost } from '../network/lab-host.ts'
import type { SiteFiles } from '../systems/site-files.ts'
import type { TwinSystem, TwoOrigins } from '../systems/two-origins.ts'
import type { Scenario } from './scenario.ts'
import type { Visit } from './visits.ts'

const LINES = { relay: { upMbit: 20, downMbit: 20 }, visitor: { upMbit: 20, downMbit: 20 } } as const

/** Until everyone has a new version: a page of the relay that is gone has to find another one first. */
const FULL = Object.freeze({ each: 3, siteBytes: 20e6, newsMs: 60_000 })
const SHORT = Object.freeze({ each: 1, siteBytes: 3e6, newsMs: 20_000 })
const PATIENCE_MS = 120_000

/** A text that each version has, so that visitors can tell which one they see. */
const NEWS = 'news.txt'

const OURS = 'Blackhole'

/** Two origins, or relays of a federation, one of which dies. */
export const relays: Scenario = {
  about:
    'visitors of two relays are one swarm; one relay is killed: the site stays up, and a publish at the other reaches everyone',
  run: ({ short, only }) =>
    withTemporaryFolder(async (folder) => {
      const size = short ? SHORT : FULL
      const site = await makeSiteFiles(join(folder, 'site'), size.siteBytes)
      const outcomes: Outlived[] = []
      for (const system of twinSystems().filter(({ name }) => name.includes(only))) {
        const outcome = await withTemporaryFolder((ground) => outlive(system, size, site, ground))
        const { news, reopened, visits } = outcome
        console.error(
          `${system.name}: new version read by ${news.length} of ${2 * size.each}, page opened anew by ${reopened.length} of ${size.each}, ${visits.length} had everything`,
        )
        outcomes.push(outcome)
      }
      const visitsOf = (name: string) => outcomes.flatMap(({ system, visits }) => (system.name === name ? visits : []))
      const resources = resourceFindings(visitsOf('plain HTTP'), visitsOf(OURS))
      return {
        rows: [row('site', 'MB', [site.bytes / 1e6]), ...outcomes.flatMap(rowsOf), ...resources.rows],
        ratios: [...outcomes.flatMap(aimsOf), ...(short ? [] : resources.ratios)],
        chart: chartOf(outcomes, site),
      }
    }),
}

/** What came of it. */
interface Outlived {
  readonly system: TwinSystem
  /** Who came to either origin. */
  readonly each: number
  /** Those who came to the first origin, to the second, and one to the second after the first was killed. */
  readonly visits: readonly Visit[]
  /** Sent while those who came to the second one got everything. */
  readonly fromVisitors: number
  readonly fromSecond: number
  /** Seconds until the new version was read, and the one after it in a page opened anew; who did not is left out. */
  readonly news: readonly number[]
  readonly reopened: readonly number[]
  readonly samples: readonly SentSample[]
}

function rowsOf({ system, each, visits, fromVisitors, fromSecond, news, reopened }: Outlived): Row[] {
  const { name } = system
  const seconds = visits.map(({ arrivedAt, doneAt = Number.NaN }) => (doneAt - arrivedAt) / 1000)
  return [
    row(`${name}, everything there, each who came to the second origin`, 's', seconds.slice(each, 2 * each)),
    row(`${name}, sent to them by visitors of the first`, 'MB', [fromVisitors / 1e6]),
    row(`${name}, sent to them by the second origin`, 'MB', [fromSecond / 1e6]),
    row(`${name}, first origin killed: who read the new version`, 'of all', [news.length / (2 * each)]),
    row(`${name}, first origin killed: new version read, each`, 's', news),
    row(`${name}, first origin killed: its visitors who could come back`, 'of all', [reopened.length / each]),
    row(`${name}, first origin killed: page opened anew, next version read, each`, 's', reopened),
    row(`${name}, first origin killed: everything there, one who came then`, 's', seconds.slice(2 * each)),
  ]
}

function aimsOf({ system, each, fromVisitors, fromSecond, news, reopened }: Outlived): Ratio[] {
  if (system.name !== OURS) return []
  const share = fromVisitors / (fromVisitors + fromSecond)
  return [
    ratio('sent by visitors of the first relay / all they got', share, '>=', 0.3),
    ratio('visitors who read the new version / all', news.length / (2 * each), '>=', 1),
    ratio('visitors of the dead relay who came back and read the next one / all', reopened.length / each, '>=', 1),
  ]
}

function chartOf(outcomes: readonly Outlived[], site: SiteFiles): string {
  const columns = outcomes.map(({ system, visits, samples }) => ({
    title: system.name,
    curves: visits.map((visit) => curveOf(visit, site.bytes)),
    sent: samples,
  }))
  const sources = ['first origin or relay', 'second', 'visitors']
  return panelChart('Two relays, of which one is killed before the last visitor comes', [
    { curves: 'MB that each visitor has', most: site.bytes / 1e6, sources, columns },
  ])
}

async function outlive(
  system: TwinSystem,
  { each, newsMs }: { readonly each: number; readonly newsMs: number },
  site: SiteFiles,
  folder: string,
): Promise<Outlived> {
  const network = await LabNetwork.create()
  const visitors: LabVisitor[] = []
  try {
    const [first, second] = [await network.addHost('first', LINES.relay), await network.addHost('second', LINES.relay)]
    const twins = await system.deploy({ first, second, site, folder })
    await twins.publish(NEWS, 'first version')
    const begin = Date.now()
    const come = async (origin: LabHost, name: string): Promise<Visit> => {
      const host = await network.addHost(name, LINES.visitor)
      const visitor = await openBrowser(host, folder, twins.browserFor(origin))
      visitors.push(visitor)
      const arrivedAt = Date.now() - begin
      return visitOf(await openSite(visitor, twins.url, PATIENCE_MS), { arrivedAt }, begin)
    }
    const here = Array.from({ length: each }, (_, at) => `first-${at + 1}`)
    const there = Array.from({ length: each }, (_, at) => `second-${at + 1}`)
    const sources = [sentBy('first'), sentBy('second'), sentBy(...here, ...there, 'late')]
    const { result, samples } = await sampling(network, sources, async () => {
      const visits: Visit[] = []
      for (const name of here) visits.push(await come(first, name))
      const before = await network.traffic()
      for (const name of there) visits.push(await come(second, name))
      const after = await network.traffic()
      const { news, reopened } = await loseFirst(twins, visitors, each, newsMs)
      visits.push(await come(second, 'late'))
      return {
        visits,
        news,
        reopened,
        fromVisitors: sentBy(...here)(after) - sentBy(...here)(before),
        fromSecond: sentBy('second')(after) - sentBy('second')(before),
      }
    })
    return { system, each, samples, ...result }
  } finally {
    await Promise.all(visitors.map((visitor) => visitor.close().catch(() => undefined)))
    network.close()
  }
}

/** Kills the first origin; then there are two new versions, and between them its visitors open their pages anew. */
async function loseFirst(twins: TwoOrigins, visitors: readonly LabVisitor[], each: number, newsMs: number) {
  await twins.killFirst()
  await twins.publish(NEWS, 'second version')
  const news = await readers(visitors, 'second version', newsMs)
  const opened = await Promise.all(
    visitors.slice(0, each).map(async (visitor) => {
      const status = await visitor.visitor.goto(twins.url, { timeoutMs: PATIENCE_MS }).catch(() => 0)
      return status === 200 ? [visitor] : []
    }),
  )
  await twins.publish(NEWS, 'third version')
  return { news, reopened: await readers(opened.flat(), 'third version', newsMs) }
}

/** Seconds until each reads the text; who doesn't in time is left out. */
async function readers(visitors: readonly LabVisitor[], text: string, timeoutMs: number): Promise<number[]> {
  const begin = Date.now()
  const all = await Promise.all(
    visitors.map(async ({ visitor }) =>
      visitor
        .evaluate(reads, { path: `/${NEWS}`, text, timeoutMs })
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
      setTimeout(resolve, 5_000)
    })
    frame.src = path
    document.body.append(frame)
    await loaded
    // Nothing, where the origin is gone and no worker answers.
    const found = frame.contentDocument?.body.textContent
    frame.remove()
    if (found === text) return true
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return false
}
