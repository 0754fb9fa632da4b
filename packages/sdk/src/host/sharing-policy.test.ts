import { describe, expect, it } from 'vitest'
import { HIDDEN_RATE, sharingPolicy } from './sharing-policy.ts'

const FINE = { optedOut: false, hidden: false } as const

describe('sharingPolicy', () => {
  it('shares when nothing speaks against it, known or not', () => {
    expect(sharingPolicy(FINE)).toEqual({ join: true, upload: true, rate: 1, reason: 'sharing' })
    expect(sharingPolicy({ ...FINE, saveData: false, metered: false, batteryLevel: 0.2, charging: false }).upload).toBe(
      true,
    )
  })

  it('does not even join after an opt-out', () => {
    expect(sharingPolicy({ ...FINE, optedOut: true })).toEqual({
      join: false,
      upload: false,
      rate: 0,
      reason: 'opted-out',
    })
  })

  it.each([
    ['save-data', { saveData: true }],
    ['metered', { metered: true }],
    ['battery', { batteryLevel: 0.19, charging: false }],
    ['battery', { batteryLevel: 0.19 }],
  ] as const)('joins and gives nothing: %s %o', (reason, conditions) => {
    expect(sharingPolicy({ ...FINE, ...conditions })).toEqual({ join: true, upload: false, rate: 0, reason })
  })

  it('shares from a low battery that is charging', () => {
    expect(sharingPolicy({ ...FINE, batteryLevel: 0.05, charging: true }).upload).toBe(true)
  })

  it('slows down in a hidden tab, and stays silent there when it has to', () => {
    expect(sharingPolicy({ ...FINE, hidden: true })).toEqual({
      join: true,
      upload: true,
      rate: HIDDEN_RATE,
      reason: 'hidden',
    })
    expect(sharingPolicy({ ...FINE, hidden: true, metered: true }).upload).toBe(false)
  })
})
