import { interleave } from '@blackhole/benchmarks/interleave'
import { row } from '@blackhole/benchmarks/report'
import { filmChart } from '../charts/film-chart.ts'
import { PATIENCE_MS, watchFilm } from '../film/audience.ts'
import { filmSystems } from '../film/film-systems.ts'
import { makeFilm, whyNoFilm } from '../film/make-film.ts'
import { originBytes, visitorBytes } from './compare.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import type { Row } from '@blackhole/benchmarks/report'
import type { Audience, FilmRun } from '../film/audience.ts'
import type { Scenario } from './scenario.ts'

/** An origin whose line carries all six viewers at the best quality, with a little room; lines that carry several each way. */
const LINES = Object.freeze({ origin: { upMbit: 10, downMbit: 20 }, viewer: { upMbit: 8, downMbit: 8 } })

/** Five minutes, 6 viewers, one every 5 s. */
const FULL = Object.freeze({ viewers: 6, everyMs: 5_000, seconds: 300, segmentS: 4 })

/** The same with 3 viewers, one every 8 s, for a minute: half of it each player loads as it begins, before it has met the others. */
const SHORT = Object.freeze({ viewers: 3, everyMs: 8_000, seconds: 60, segmentS: 4 })

/** Beyond the film a run also starts servers and browsers. */
const SET_UP_MS = 120_000

/** A stream that players choose the quality of: does it play, how well, and who sent it. */
export const film: Scenario = {
  about: '6 viewers watch a stream of 5 minutes in three qualities, on demand and live: start-up, stalls, who sent it',
  run: async ({ short, runs, only, ...options }) => {
    const reason = whyNoFilm()
    if (reason !== undefined) {
      console.error(`Skipped: ${reason}.`)
      return { rows: [], ratios: [] }
    }
    const size = short ? SHORT : FULL
    const { viewers, everyMs, segmentS } = size
    const seconds = options.seconds ?? size.seconds
    const audience: Audience = { ...LINES, viewers, everyMs }
    const made = await makeFilm({ seconds, segmentS })
    const contenders = [false, true]
      .flatMap((live) => filmSystems().map((system) => ({ live, system, name: nameOf(system.name, live) })))
      .filter(({ live, system, name }) => (!live || system.canLive) && name.includes(only))
    const results = await interleave(
      contenders.map(({ live, system, name }) => ({
        name,
        run: () => withTemporaryFolder((folder) => watchFilm(system, made, live, audience, folder)),
      })),
      runs,
      (name, round, run) => {
        console.error(`round ${round + 1} ${name}: ${shareFromPeers(run).toFixed(2)} from peers`)
      },
      viewers * everyMs + seconds * 1000 + PATIENCE_MS + SET_UP_MS,
    )
    const first = [...results.values()].flatMap((all) => all.slice(0, 1))
    return {
      rows: [...results].flatMap(([name, all]) => rowsOf(name, all)),
      ratios: [],
      chart: filmChart(`A film of ${seconds} s, ${viewers} viewers`, seconds, first),
    }
  },
}

function nameOf(system: string, live: boolean): string {
  return `${system}, ${live ? 'live' : 'on demand'}`
}

function rowsOf(name: string, runs: readonly FilmRun[]): Row[] {
  const logs = runs.flatMap((run) => run.logs)
  return [
    row(
      `${name}, start-up, each viewer`,
      's',
      logs.map(({ openedAt, playingAt }) => (playingAt - openedAt) / 1000),
    ),
    row(
      `${name}, stalls, each viewer`,
      '',
      logs.map(({ stalls }) => stalls.length),
    ),
    row(
      `${name}, stood still, each viewer`,
      's',
      logs.map(({ stalls }) => stalls.reduce((sum, [, ms]) => sum + ms, 0) / 1000),
    ),
    row(
      `${name}, quality switches, each viewer`,
      '',
      logs.map(({ qualities }) => Math.max(0, qualities.length - 1)),
    ),
    row(
      `${name}, mean quality, each viewer`,
      'kbit/s',
      logs.map(({ bytes, fetchedS }) => (8 * bytes) / 1000 / Object.values(fetchedS).reduce((sum, s) => sum + s, 0)),
    ),
    row(
      `${name}, film that players got`,
      'MB',
      runs.map((run) => filmBytes(run) / 1e6),
    ),
    row(
      `${name}, sent by the origin`,
      'MB',
      runs.map((run) => originBytes(run) / 1e6),
    ),
    row(
      `${name}, sent by viewers`,
      'MB',
      runs.map((run) => visitorBytes(run) / 1e6),
    ),
    row(`${name}, share from peers`, 'of all', runs.map(shareFromPeers)),
  ]
}

/** The part of the players' bytes that the origin did not send; what else it sent, headers and scripts, counts against it. */
function shareFromPeers(run: FilmRun): number {
  return 1 - originBytes(run) / filmBytes(run)
}

function filmBytes({ logs }: FilmRun): number {
  return logs.reduce((sum, { bytes }) => sum + bytes, 0)
}
