import { childrenCpuMs } from '../benchmarks/harness/cpu-time.ts'
import { machine } from '../benchmarks/harness/report.ts'
import { writeCharts } from './charts.ts'
import { readOptions } from './options.ts'
import { soak } from './soak.ts'
import { verdictOf } from './verdict.ts'
import type { SoakOptions } from './options.ts'
import type { Sample } from './sample.ts'
import type { Verdict } from './verdict.ts'

const USAGE = 'Usage: npm run soak -- [--minutes 30] [--seed N] [--charts FOLDER] [--json]'

/** Exit codes: 0 memory flat and counters back, 1 not so, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  let options: SoakOptions
  try {
    options = readOptions(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return 2
  }
  const before = machine()
  // Those that have ended are not counted: read while they run.
  let cpuMs = 0
  const soaked = await soak({
    minutes: options.minutes,
    sampleSeconds: 10,
    arrivalSeconds: 12,
    publishSeconds: 180,
    seed: options.seed,
    onSample: (sample) => {
      cpuMs = Math.max(cpuMs, childrenCpuMs())
      console.error(lineOf(sample))
    },
    onFailure: (error) => {
      console.error(error)
    },
  })
  const verdict = verdictOf(soaked)
  console.log(reportOf(verdict))
  const visits = Object.entries(soaked.visits).map(([kind, count]) => `${kind} ${String(count)}`)
  const given = (soaked.shared / 1e6).toFixed(0)
  console.log(
    `visits: ${visits.join(', ')}; the tab gave them ${given} MB${verdict.visits.enough ? '' : '  TOO MANY FAILED'}`,
  )
  console.log(verdict.passed ? 'flat' : 'NOT FLAT')
  if (options.charts !== '') await writeCharts(options.charts, soaked.samples)
  if (options.json) {
    const { minutes, seed } = options
    console.log(
      JSON.stringify({
        soak: { minutes, seed, machine: before, cpuSeconds: Math.round(cpuMs / 1000), ...soaked, ...verdict },
      }),
    )
  }
  return verdict.passed ? 0 : 1
}

function lineOf({ minutes, memory, counters }: Sample): string {
  const sizes = Object.entries(memory).map(([name, bytes]) => `${name} ${(bytes / 1e6).toFixed(1)}`)
  const counts = ['relay: connections', 'tab: peers', 'tab: RTCPeerConnections'].map(
    (name) => `${name} ${String(counters[name] ?? '?')}`,
  )
  return `${minutes.toFixed(1)} min  ${[...sizes, ...counts].join('  ')}`
}

function reportOf({ memory, counters }: Verdict): string {
  return [
    `${'memory, second half'.padEnd(26)} ${['from MB', 'to MB', 'MB/h', 'growth'].map((head) => head.padStart(9)).join('')}`,
    ...memory.map(({ name, start, end, perHour, growth, flat }) => {
      const cells = [start.toFixed(1), end.toFixed(1), perHour.toFixed(1), `${(growth * 100).toFixed(1)} %`]
      return `${name.padEnd(26)} ${cells.map((cell) => cell.padStart(9)).join('')}${flat ? '' : '  GROWS'}`
    }),
    `${'counters'.padEnd(26)} ${['before', 'peak', 'after'].map((head) => head.padStart(9)).join('')}`,
    ...counters.map(({ name, base, peak, end, back }) => {
      const cells = [base, peak, end].map((cell) => String(cell).padStart(9))
      return `${name.padEnd(26)} ${cells.join('')}${back ? '' : '  NOT BACK'}`
    }),
  ].join('\n')
}

process.exitCode = await main(process.argv.slice(2))
