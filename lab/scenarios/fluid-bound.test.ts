import { expect, it } from 'vitest'
import { fluidBound } from './fluid-bound.ts'

const F = 30e6
const line = { up: 2.5e6, down: 2.5e6, at: 0 }
const crowd = (size: number, of: Partial<typeof line> = {}) => Array.from({ length: size }, () => ({ ...line, ...of }))

it('is what the narrowest of three allows: the server’s line, a visitor’s line, all lines up together', () => {
  expect(fluidBound(F, { up: 1e6 }, crowd(2))).toBe(30)
  expect(fluidBound(F, { up: 9e6 }, [...crowd(2), { ...line, down: 1.5e6 }])).toBe(20)
  expect(fluidBound(F, { up: 3e6 }, crowd(9, { up: 1e6, down: 1e9 }))).toBe((9 * F) / 12e6)
})

it('waits for those who come later, who send nothing before', () => {
  expect(fluidBound(F, { up: 2.5e6 }, [line, { ...line, at: 10 }])).toBe(22)
  // The server sends alone for 10 s, then both.
  expect(
    fluidBound(F, { up: 1e6 }, [
      { up: 0, down: 1e9, at: 0 },
      { up: 2e6, down: 1e9, at: 10 },
    ]),
  ).toBeCloseTo(30)
  expect(
    fluidBound(F, { up: 2e6 }, [
      { up: 0, down: 1e9, at: 0 },
      { up: 2e6, down: 1e9, at: 10 },
    ]),
  ).toBeCloseTo(20)
})
