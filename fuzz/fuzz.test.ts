import { describe, expect, it } from 'vitest'
import { keptInputs } from './harness/corpus.ts'
import { fuzz } from './harness/session.ts'
import { allTargets } from './targets.ts'

/** A fresh look at each decoder, the same in each run. `npm run fuzz` looks for longer. */
const INPUTS = 150

describe('fuzzed decoders keep their promises', async () => {
  it.each((await allTargets()).map((target) => [target.name, target] as const))('%s', async (name, target) => {
    const kept = keptInputs(name).map(({ bytes }) => bytes)
    const faults: string[] = []
    const { outcomes } = await fuzz(
      target,
      {
        isEnough: (inputs) => inputs >= kept.length + INPUTS,
        onFault: (fault, input) => {
          faults.push(`${fault} ${JSON.stringify(new TextDecoder('latin1').decode(input.subarray(0, 200)))}`)
        },
      },
      { seed: 1, kept, roundTrips: 20 },
    )
    expect(faults).toEqual([])
    expect(outcomes).toBeGreaterThan(1)
  })
})
