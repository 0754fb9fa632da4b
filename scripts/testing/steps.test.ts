import { describe, expect, it } from 'vitest'
import { grouped, STEPS, type Step } from './steps.ts'

describe('the steps of npm test', () => {
  it('run one after the other, those that keep one core busy beside one another', () => {
    const step = (name: string, beside?: true): Step => ({ name, command: [name], ...(beside ? { beside } : {}) })
    const steps = [step('a', true), step('b'), step('c', true), step('d', true), step('e')]
    expect(grouped(steps).map((group) => group.map(({ name }) => name).join('+'))).toEqual(['a', 'b', 'c+d', 'e'])
  })

  it('are all there when they are grouped, and nothing is beside a test that holds to a time', () => {
    expect(grouped(STEPS).flat()).toEqual(STEPS)
    for (const name of ['build', 'types', 'lab', 'e2e-alone'])
      expect(grouped(STEPS)).toContainEqual([STEPS.find((step) => step.name === name)])
  })
})
