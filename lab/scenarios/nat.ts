import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ratio, row } from '@blackhole/benchmarks/report'
import { curveOf } from '../charts/crowd-chart.ts'
import { panelChart } from '../charts/panels.ts'
import { allSystems } from '../systems/all-systems.ts'
import { makeSiteFiles } from '../systems/site-files.ts'
import { readDials, watchDials } from './dial-watch.ts'
import { Gathering } from './gathering.ts'
import { sampling, sentBy } from './lines.ts'
import { resourceFindings } from './resource-times.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { openSite, visitOf } from './visits.ts'
import type { Ratio, Row } from '@blackhole/benchmarks/report'
import type { SentSample } from '../charts/panels.ts'
import type { NatKind } from '../network/nat.ts'
import type { SiteFiles } from '../systems/site-files.ts'
import type { System } from '../systems/system.ts'
import type { Scenario } from './scenario.ts'
import type { Visit } from './visits.ts'

/** The holder's NAT, the reader's, and whether physics lets them reach each other without a third. */
interface Pair {
  readonly holder: NatKind
  readonly reader: NatKind
  readonly traversable: boolean
  /** The reader has a Firefox; all others have a Chromium. */
  readonly firefox?: boolean
}

const ALL: readonly Pair[] = [
  { holder: 'cone', reader: 'cone', traversable: true },
  { holder: 'cone', reader: 'cone', traversable: true, firefox: true },
  { holder: 'full-cone', reader: 'symmetric', traversable: true },
  { holder: 'symmetric', reader: 'full-cone', traversable: true },
  { holder: 'cone', reader: 'symmetric', traversable: false },
  { holder: 'symmetric', reader: 'symmetric', traversable: false },
]

/** The two that matter most, one of them between two kinds of browsers. */
const SHORT: readonly Pair[] = ALL.filter(({ holder, reader, firefox }) =>
  holder === 'cone' ? firefox === true : reader === holder,
)

const LINES = { relay: { upMbit: 10, downMbit: 10 }, visitor: { upMbit: 20, downMbit: 20 } } as const
const SIZES = Object.freeze({ fullBytes: 10e6, shortBytes: 2e6 })
const PATIENCE_MS = 120_000

const OURS = 'Blackhole'

/** How long the pages are watched for dials that lead nowhere, once the reader has everything. */
const WATCHED = Object.freeze({ fullMs: 60_000, shortMs: 5_000 })

/** WebRTC connections that each of the two may make in all: a dial, its one retry, the same from the other side, and as much again. */
const MAX_DIALS = 8

/** Two visitors behind NATs: whether they reach each other, and what happens where they can't. */
export const nat: Scenario = {
  about:
    'two visitors behind NATs of each kind: direct where physics allows, by the relay where not, and no loop of dials',
  run: ({ short, only }) =>
    withTemporaryFolder(async (folder) => {
      const site = await makeSiteFiles(join(folder, 'site'), short ? SIZES.shortBytes : SIZES.fullBytes)
      const rows: Row[] = [row('site', 'MB', [site.bytes / 1e6])]
      const ratios: Ratio[] = []
      const meetings: Meeting[] = []
      const watchedMs = short ? WATCHED.shortMs : WATCHED.fullMs
      for (const { system, pairs } of plan(short, only)) {
        const meeting = (pair: Pair): Promise<Meeting> =>
          withTemporaryFolder((ground) => meet(system, pair, site, ground, watchedMs))
        // The figures of a short run say little, so its pairs may share the machine.
        const atOnce = short ? await Promise.all(pairs.map(meeting)) : []
        for (const [index, pair] of pairs.entries()) {
          const met = atOnce[index] ?? (await meeting(pair))
          meetings.push(met)
          const { name } = met
          console.error(
            `${name}: ${met.opened} of ${met.made} connections opened, all there after ${met.seconds.toFixed(1)} s`,
          )
          rows.push(...rowsOf(met, system.isPlain === true))
          if (system.name !== OURS) continue
          ratios.push(ratio(`${name}, connections made by both`, met.made, '<=', 2 * MAX_DIALS))
          if (pair.traversable) ratios.push(ratio(`${name}, connections opened`, met.opened, '>=', 1))
        }
      }
      const resources = compared(meetings)
      return {
        rows: [...rows, ...resources.rows],
        ratios: [...ratios, ...(short ? [] : resources.ratios)],
        chart: chartOf(meetings, site),
      }
    }),
}

/** Who meets by which system. Plain HTTP does not care who else is behind what. */
function plan(short: boolean, only: string): { system: System; pairs: readonly Pair[] }[] {
  return allSystems()
    .filter(({ name }) => name.includes(only))
    .map((system) => {
      const pairs = short ? SHORT : ALL
      if (system.isPlain === true) return { system, pairs: ALL.slice(0, 1) }
      return { system, pairs: system.name === OURS ? pairs : ALL.filter(({ firefox }) => firefox !== true) }
    })
    .map(({ system, pairs }) => ({ system, pairs: short && system.name !== OURS ? pairs.slice(0, 1) : pairs }))
}

/** How two visitors got on. */
interface Meeting {
  readonly system: System
  readonly name: string
  readonly pair: Pair
  /** The reader's. */
  readonly visit: Visit
  /** Until the reader had everything. */
  readonly seconds: number
  /** Connections that the two pages made, and those at the reader that opened. */
  readonly made: number
  readonly opened: number
  /** Sent while the reader got everything, by relay and holder. */
  readonly samples: readonly SentSample[]
}

function rowsOf({ name, seconds, made, opened, samples }: Meeting, isPlain: boolean): Row[] {
  const [origin = Number.NaN, holder = Number.NaN] = samples.at(-1)?.bytes ?? []
  const all = [
    row(`${name}, everything there`, 's', [seconds]),
    row(`${name}, sent by the relay`, 'MB', [origin / 1e6]),
  ]
  if (isPlain) return all
  return [
    ...all,
    row(`${name}, sent by the holder`, 'MB', [holder / 1e6]),
    row(`${name}, connections made by both`, '', [made]),
    row(`${name}, connections opened`, '', [opened]),
  ]
}

/** Each reader's resources by those of plain HTTP's reader, whom no NAT slows down; browsers of the same kind only. */
function compared(meetings: readonly Meeting[]): ReturnType<typeof resourceFindings> {
  const plain = meetings.find(({ system }) => system.isPlain === true)?.visit
  const ours = meetings.filter(({ system, pair }) => system.name === OURS && pair.firefox !== true)
  if (plain === undefined) return { rows: [], ratios: [] }
  return resourceFindings(
    ours.map(() => plain),
    ours.map(({ visit }) => visit),
  )
}

function chartOf(meetings: readonly Meeting[], site: SiteFiles): string {
  const isOurs = ({ system }: Meeting): boolean => system.name === OURS
  const sections = [
    { heading: 'Without Blackhole', held: meetings.filter((meeting) => !isOurs(meeting)) },
    { heading: OURS, held: meetings.filter(isOurs) },
  ].filter(({ held }) => held.length > 0)
  return panelChart(
    'Two visitors behind NATs',
    sections.map(({ heading, held }) => ({
      heading,
      curves: 'MB that the reader has',
      most: site.bytes / 1e6,
      sources: ['origin or relay', 'holder'],
      columns: held.map(({ system, pair, visit, samples }) => ({
        title: system.isPlain === true ? system.name : titleOf(pair),
        curves: [curveOf(visit, site.bytes)],
        sent: samples,
      })),
    })),
  )
}

function titleOf({ holder, reader, firefox }: Pair): string {
  return `${holder}, ${reader}${firefox === true ? ' (Firefox)' : ''}`
}

/** The holder comes first and gets everything, then the reader. */
async function meet(system: System, pair: Pair, site: SiteFiles, folder: string, watchedMs: number): Promise<Meeting> {
  const isPlain = system.isPlain === true
  return await Gathering.run({ system, site, folder, line: LINES.relay }, async (gathering) => {
    const { url, network, origin } = gathering
    const coming = pair.firefox === true ? gathering.comeWithFirefox.bind(gathering) : gathering.come.bind(gathering)
    const reader = await coming('reader', { ...LINES.visitor, nat: pair.reader })
    const visitors = [reader]
    await watchDials(reader.visitor)
    if (!isPlain) {
      const holder = await gathering.come('holder', { ...LINES.visitor, nat: pair.holder })
      visitors.push(holder)
      await watchDials(holder.visitor)
      await openSite(holder, url, PATIENCE_MS)
    }
    const begin = Date.now()
    const { result: log, samples } = await sampling(network, [sentBy('origin'), sentBy('holder')], () =>
      openSite(reader, url, PATIENCE_MS),
    )
    if (!isPlain) await sleep(watchedMs)
    const dials = await Promise.all(visitors.map(({ visitor }) => readDials(visitor)))
    const foreign = dials.flatMap(({ servers }) => servers).filter((at) => !at.startsWith(`stun:${origin.address}:`))
    if (foreign.length > 0)
      throw new Error(`The pages were given servers that are not the relay’s: ${foreign.join(', ')}`)
    return {
      system,
      name: isPlain ? system.name : `${system.name}, ${nameOf(pair)}`,
      pair,
      visit: visitOf(log, { arrivedAt: 0 }, begin),
      seconds: (log.doneAt - begin) / 1000,
      made: dials.reduce((sum, { made }) => sum + made, 0),
      opened: dials[0]?.opened ?? 0,
      samples,
    }
  })
}

function nameOf({ holder, reader, firefox }: Pair): string {
  return `${holder} and ${reader}${firefox === true ? ' with Firefox' : ''}`
}
