import { parentPort, workerData } from 'node:worker_threads'
import { sample } from 'fast-check'
import { keepInput, keptInputs } from './harness/corpus.ts'
import { examine } from './harness/examine.ts'
import { minimise } from './harness/minimise.ts'
import { fuzz } from './harness/session.ts'
import { allTargets } from './targets.ts'
import type { WorkerOrder, WorkerReport } from './watched.ts'

/** Longest input that is kept because it led somewhere new: people look through them. */
const MAX_KEPT_BYTES = 512

/** Most of them for a target. */
const MAX_KEPT = 20

/** Inputs of the encoders that are kept for each target. */
const REAL_INPUTS = 6

/** Fuzzes one decoder, while the other thread watches whether an input ever ends. */
async function main(order: WorkerOrder): Promise<void> {
  const target = (await allTargets()).find(({ name }) => name === order.target)
  if (target === undefined) throw new Error(`There is no target ${order.target}`)
  if (order.keep && !keptInputs(target.name).some(({ file }) => file.startsWith('real'))) {
    for (const input of sample(target.inputs, { seed: 1, numRuns: REAL_INPUTS })) keepInput(target.name, 'real', input)
  }
  const clock = new Int32Array(order.clock)
  const shown = new Uint8Array(order.input)
  const faults: WorkerReport['faults'][number][] = []
  const until = performance.now() + order.seconds * 1_000
  const result = await fuzz(
    target,
    {
      onInput: (input) => {
        shown.set(input.subarray(0, shown.byteLength))
        Atomics.store(clock, 1, input.byteLength)
        Atomics.add(clock, 0, 1)
      },
      onNew: (input) => {
        if (!order.keep || input.byteLength > MAX_KEPT_BYTES) return
        if (keptInputs(target.name).filter(({ file }) => file.startsWith('found')).length >= MAX_KEPT) return
        keepInput(target.name, 'found', input)
      },
      onFault: async (fault, input, outcome) => {
        if (input.byteLength === 0 && outcome === 'round trip') {
          faults.push({ fault, file: undefined })
          return
        }
        Atomics.store(clock, 2, 1)
        const smallest = await minimise(input, async (candidate) => {
          const again = await examine(target, candidate)
          return again.fault !== undefined && again.outcome === outcome
        })
        Atomics.store(clock, 2, 0)
        faults.push({ fault, file: keepInput(target.name, 'fault', smallest) })
      },
      isEnough: () => performance.now() >= until,
    },
    { seed: order.seed, kept: keptInputs(target.name).map(({ bytes }) => bytes) },
  )
  parentPort?.postMessage({ ...result, faults } satisfies WorkerReport)
}

await main(workerData as WorkerOrder)
