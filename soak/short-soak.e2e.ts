import process from 'node:process'
import { expect, test } from 'playwright/test'
import { soak } from './soak.ts'
import { verdictOf } from './verdict.ts'

/** Half a minute on a quiet machine, but several on one with other work: too much for each run of all tests. */
test.skip(process.env['SOAK_TESTS'] === undefined, 'SOAK_TESTS=1 runs the short form of the soak')
test.setTimeout(400_000)

test('a page and a relay are as before when visitors have left', async () => {
  const failures: unknown[] = []
  // The short form of `npm run soak`: it shows what stays, not what grows.
  const soaked = await soak({
    minutes: 0.1,
    sampleSeconds: 3,
    arrivalSeconds: 3,
    publishSeconds: 60,
    seed: 1,
    round: ['process: leave', 'page: close'],
    settleMs: 120_000,
    onFailure: (error) => failures.push(error),
  })
  const { counters, visits } = verdictOf(soaked)
  expect(failures).toEqual([])
  expect(visits).toMatchObject({ made: 2, enough: true })
  expect(soaked.shared).toBeGreaterThan(0)
  expect(counters.filter(({ back }) => !back)).toEqual([])
})
