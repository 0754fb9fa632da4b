import { expect, it } from 'vitest'
import { Conduct, LET_DOWN_MS, MAX_LET_DOWNS } from './conduct.ts'

it('counts the parts of a piece that others brought as one time, and sends away who let down several times', () => {
  const conduct = new Conduct()
  for (let part = 0; part < 8; part += 1) expect(conduct.letDown(5_000, 10_000 + part)).toBe(false)
  for (let time = 2; time < MAX_LET_DOWNS; time += 1)
    expect(conduct.letDown(5_000, 10_000 + time * LET_DOWN_MS)).toBe(false)
  expect(conduct.letDown(5_000, 20_000)).toBe(true)
})

it('begins anew with whoever sent something, and takes a moment for nothing', () => {
  const conduct = new Conduct()
  for (let time = 1; time < MAX_LET_DOWNS; time += 1) conduct.letDown(5_000, time * 10_000)
  conduct.answered()
  expect(conduct.letDown(5_000, 100_000)).toBe(false)
  for (let time = 1; time < 10; time += 1) expect(conduct.letDown(LET_DOWN_MS - 1, 100_000 * time)).toBe(false)
})
