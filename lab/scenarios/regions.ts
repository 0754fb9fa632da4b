import { join } from 'node:path'
import { ratio, row } from '@blackhole/benchmarks/report'
import { curveOf } from '../charts/crowd-chart.ts'
import { panelChart } from '../charts/panels.ts'
import { allSystems } from '../systems/all-systems.ts'
import { makeSiteFiles } from '../systems/site-files.ts'
import { Gathering } from './gathering.ts'
import { sampling, sentBy } from './lines.ts'
import { resourceFindings } from './resource-times.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { openSite, visitOf } from './visits.ts'
import type { Ratio, Row } from '@blackhole/benchmarks/report'
import type { SentSample } from '../charts/panels.ts'
import type { SiteFiles } from '../systems/site-files.ts'
import type { System } from '../systems/system.ts'
import type { Source } from './lines.ts'
import type { Scenario } from './scenario.ts'
import type { Visit } from './visits.ts'

/** Round trips between the reader and those who hold the site, in milliseconds; each is in a network of its own. */
const AWAY = [
  { name: 'near', rttMs: 5 },
  { name: 'far', rttMs: 60 },
  { name: 'farthest', rttMs: 200 },
] as const

const LINES = {
  origin: { upMbit: 6, downMbit: 20, delayMs: 15 },
  visitor: { upMbit: 20, downMbit: 20 },
  /** Between the two regions, each way. */
  thin: { upMbit: 6, downMbit: 6, delayMs: 30 },
} as const

const FULL = Object.freeze({ eachHolders: 2, settlers: 4, siteBytes: 20e6 })
const SHORT = Object.freeze({ eachHolders: 1, settlers: 2, siteBytes: 4e6 })
const PATIENCE_MS = 120_000

/** Shares of what visitors send, and of what the thin line carries against the site, that are aimed at. */
const AIMS = Object.freeze({ nearShare: 0.5, thinPerSite: 1.5 })

const OURS = 'Blackhole'

/** What came of visits by one system; samples are of what the chart shows. */
interface Reading {
  readonly system: System
  readonly visits: readonly Visit[]
  readonly samples: readonly SentSample[]
}

/** Distance counts: who is near carries most, and what came over a thin line once is passed on behind it. */
export const regions: Scenario = {
  about:
    'visitors 5, 60 and 200 ms away: the near carry most; two regions with a thin line between them: it carries each piece about once',
  run: ({ short, only }) =>
    withTemporaryFolder(async (folder) => {
      const { eachHolders, settlers, siteBytes } = short ? SHORT : FULL
      const site = await makeSiteFiles(join(folder, 'site'), siteBytes)
      const rows: Row[] = []
      const ratios: Ratio[] = []
      const away: Reading[] = []
      const thin: Reading[] = []
      for (const system of allSystems().filter(({ name }) => name.includes(only))) {
        const afar = await withTemporaryFolder((ground) => readFromAfar(system, eachHolders, site, ground))
        const settled = await withTemporaryFolder((ground) =>
          settle(system, { each: eachHolders, settlers }, site, ground),
        )
        away.push(afar)
        thin.push(settled)
        rows.push(...rowsOfAway(afar), ...rowsOfThin(settled, site))
        if (system.name === OURS) ratios.push(...aimsOf(afar, settled, site))
      }
      const resources = compared(away, thin)
      return {
        rows: [row('site', 'MB', [site.bytes / 1e6]), ...rows, ...resources.rows],
        ratios: [...ratios, ...(short ? [] : resources.ratios)],
        chart: chartOf(away, thin, site),
      }
    }),
}

/** Of the distances, each one's part in what their visitors sent. */
function sharesOf({ samples }: Reading): number[] {
  const [, ...bytes] = samples.at(-1)?.bytes ?? []
  const all = bytes.reduce((sum, each) => sum + each, 0)
  return bytes.map((each) => each / all)
}

function rowsOfAway(reading: Reading): Row[] {
  const { name, isPlain } = reading.system
  const [origin = Number.NaN, ...bytes] = reading.samples.at(-1)?.bytes ?? []
  const shares = sharesOf(reading)
  if (isPlain !== true)
    console.error(
      `${name}: ${AWAY.map(({ rttMs }, at) => `${rttMs} ms away ${(100 * (shares[at] ?? 0)).toFixed(0)} %`).join(', ')}`,
    )
  return [
    row(`${name}, everything there`, 's', secondsOf(reading)),
    ...AWAY.flatMap(({ rttMs }, at) =>
      isPlain === true ? [] : [row(`${name}, sent by those ${rttMs} ms away`, 'MB', [(bytes[at] ?? 0) / 1e6])],
    ),
    row(`${name}, sent by the origin`, 'MB', [origin / 1e6]),
  ]
}

function rowsOfThin(reading: Reading, site: SiteFiles): Row[] {
  const { name } = reading.system
  const carried = carriedBy(reading)
  console.error(`${name}: the thin line carried ${(carried / site.bytes).toFixed(2)} of the site`)
  return [
    row(`${name}, carried by the thin line`, 'MB', [carried / 1e6]),
    row(`${name}, everything there behind it, each`, 's', secondsOf(reading)),
  ]
}

function aimsOf(afar: Reading, settled: Reading, site: SiteFiles): Ratio[] {
  const { nearShare, thinPerSite } = AIMS
  return [
    ratio(`${OURS}, part of the near in what visitors sent`, sharesOf(afar)[0] ?? 0, '>=', nearShare),
    ratio(`${OURS}, carried by the thin line / site`, carriedBy(settled) / site.bytes, '<=', thinPerSite),
  ]
}

/** Bytes that came over the thin line, before which nobody else lies. */
function carriedBy({ samples }: Reading): number {
  return samples.at(-1)?.bytes[0] ?? Number.NaN
}

function secondsOf({ visits }: Reading): number[] {
  return visits.map(({ arrivedAt, doneAt = Number.NaN }) => (doneAt - arrivedAt) / 1000)
}

function compared(...readings: readonly (readonly Reading[])[]): ReturnType<typeof resourceFindings> {
  const of = (wanted: (system: System) => boolean): readonly Visit[] =>
    readings.flat().flatMap(({ system, visits }) => (wanted(system) ? visits : []))
  return resourceFindings(
    of(({ isPlain }) => isPlain === true),
    of(({ name }) => name === OURS),
  )
}

function chartOf(away: readonly Reading[], thin: readonly Reading[], site: SiteFiles): string {
  const columns = (readings: readonly Reading[]) =>
    readings.map(({ system, visits, samples }) => ({
      title: system.name,
      curves: visits.map((visit) => curveOf(visit, site.bytes)),
      sent: samples,
    }))
  const shown = { curves: 'MB that each visitor has', most: site.bytes / 1e6 }
  return panelChart('Far and near', [
    {
      ...shown,
      heading: 'Holders 5, 60 and 200 ms away',
      sources: ['origin', ...AWAY.map(({ rttMs }) => `${rttMs} ms away`)],
      columns: columns(away),
    },
    {
      ...shown,
      heading: `A line of ${LINES.thin.downMbit} Mbit/s to the visitors`,
      sources: ['over the thin line', 'by visitors behind it'],
      columns: columns(thin),
    },
  ])
}

/** Holders at each distance; then the reader comes. Plain HTTP has no use for holders. */
async function readFromAfar(system: System, each: number, site: SiteFiles, folder: string): Promise<Reading> {
  return await Gathering.run({ system, site, folder, line: LINES.origin }, async (gathering) => {
    const { network, url } = gathering
    const names = Array.from({ length: system.isPlain === true ? 0 : each }, (_, index) => index + 1)
    for (const { name, rttMs } of AWAY) {
      await network.addRegion(name, {})
      await Promise.all(
        names.map(async (index) => {
          const link = { ...LINES.visitor, delayMs: rttMs / 2, region: name }
          await openSite(await gathering.come(`${name}-${index}`, link), url, PATIENCE_MS)
        }),
      )
    }
    await network.addRegion('home', {})
    const reader = await gathering.come('reader', { ...LINES.visitor, region: 'home' })
    const begin = Date.now()
    const sources = [sentBy('origin'), ...AWAY.map(({ name }) => sentBy(name))]
    const { result, samples } = await sampling(network, sources, () => openSite(reader, url, PATIENCE_MS))
    return { system, visits: [visitOf(result, { arrivedAt: 0 }, begin)], samples }
  })
}

/** Those who hold the site are at the origin's side of a thin line; others come behind it, one after the other. */
async function settle(
  system: System,
  { each, settlers }: { readonly each: number; readonly settlers: number },
  site: SiteFiles,
  folder: string,
): Promise<Reading> {
  return await Gathering.run({ system, site, folder, line: { ...LINES.visitor, delayMs: 5 } }, async (gathering) => {
    const { network, url } = gathering
    await network.addRegion('island', LINES.thin)
    await network.addRegion('mainland', {})
    for (const name of system.isPlain === true ? [] : ['holder-1', 'holder-2'].slice(0, each))
      await openSite(await gathering.come(name, { ...LINES.visitor, region: 'mainland', delayMs: 2 }), url, PATIENCE_MS)
    const names = Array.from({ length: settlers }, (_, index) => `settler-${index + 1}`)
    const sources: Source[] = [(traffic) => traffic.get('island')?.received ?? 0, sentBy(...names)]
    const begin = Date.now()
    const { result, samples } = await sampling(network, sources, async () => {
      const visits: Visit[] = []
      for (const name of names) {
        const settler = await gathering.come(name, { ...LINES.visitor, region: 'island', delayMs: 2 })
        const arrivedAt = Date.now() - begin
        visits.push(visitOf(await openSite(settler, url, PATIENCE_MS), { arrivedAt }, begin))
      }
      return visits
    })
    return { system, visits: result, samples }
  })
}
