import { sampleOf } from './crowd-chart.ts'
import { panelChart } from './panels.ts'
import type { FilmRun } from '../film/audience.ts'

/**
 * One column per system, with the same scales: above, how far each viewer has come, a line each, level where it stands
 * still; below, what origin and viewers send, one upon the other.
 */
export function filmChart(title: string, seconds: number, runs: readonly FilmRun[]): string {
  const columns = runs.map(({ system, live, logs, traffic }) => ({
    title: `${system}, ${live ? 'live' : 'on demand'}`,
    curves: logs.map(({ played }) => played.map(([at, s]) => [at / 1000, s] as const)),
    sent: traffic.map(sampleOf),
  }))
  return panelChart(title, [
    { curves: 's of film that each viewer has seen', most: seconds, sources: ['origin', 'viewers'], columns },
  ])
}
