import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lineChart } from '../benchmarks/harness/line-chart.ts'
import type { Sample } from './sample.ts'

/** Writes `soak-heap.svg` and `soak-resident.svg`. */
export async function writeCharts(folder: string, samples: readonly Sample[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [kind, title] of [
    ['heap', 'JavaScript heap after a collection of garbage'],
    ['resident', 'Resident memory of the processes'],
  ] as const) {
    const names = [...new Set(samples.flatMap(({ memory }) => Object.keys(memory)))]
    const chart = lineChart({
      title,
      x: { label: 'minutes' },
      y: { label: 'MB' },
      series: names
        .filter((name) => name.endsWith(kind))
        .map((name) => ({
          name: name.replace(/:.*/, ''),
          points: samples.flatMap(({ minutes, memory }) => {
            const bytes = memory[name]
            return bytes === undefined ? [] : [[minutes, bytes / 1e6] as const]
          }),
        })),
    })
    await writeFile(join(folder, `soak-${kind}.svg`), chart)
  }
}
