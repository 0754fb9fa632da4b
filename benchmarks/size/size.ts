import { ratio, row } from '../harness/report.ts'
import { weighAssets } from '@blackhole/testkit/size-budgets'
import { measureWorkerStart } from './worker-start.ts'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings } from '../harness/report.ts'

const DEFAULT_RUNS = 7

/** What browsers download, and what its size costs whenever the worker starts. */
export async function size(options: BenchOptions): Promise<Findings> {
  const weights = await weighAssets()
  const starts = await measureWorkerStart(options.runs || DEFAULT_RUNS)
  return {
    rows: [
      ...weights.map(({ name, kib }) => row(`${name}, gzipped`, 'KiB', [kib])),
      row(
        'stored file, worker running',
        'ms',
        starts.map(({ warm }) => warm),
      ),
      row(
        'stored file, worker stopped',
        'ms',
        starts.map(({ cold }) => cold),
      ),
      row(
        'worker start',
        'ms',
        starts.map(({ cold, warm }) => cold - warm),
      ),
    ],
    ratios: weights.map(({ name, kib, budget }) => ratio(`${name}, KiB gzipped`, kib, '<=', budget)),
  }
}
