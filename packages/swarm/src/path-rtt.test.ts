import { describe, expect, it } from 'vitest'
import { PathRtt } from './path-rtt.ts'

describe('PathRtt', () => {
  it('keeps the smallest round trip that was seen, and asks often at first', async () => {
    const answers = [80, 30, undefined, 50, 20]
    let asked = 0
    const path = new PathRtt(() => Promise.resolve(answers[asked++]))
    expect(path.ms).toBeUndefined()
    for (const [now, smallest] of [
      [0, 80],
      [1_000, 80],
      [3_000, 30],
      [6_000, 30],
      [9_000, 30],
      [12_000, 30],
      [40_000, 20],
    ] as const) {
      path.look(now)
      await Promise.resolve()
      expect(path.ms).toBe(smallest)
    }
    expect(asked).toBe(5)
  })

  it('goes without what can not be measured', async () => {
    const path = new PathRtt(() => Promise.reject(new Error('closed')))
    path.look(0)
    await Promise.resolve()
    expect(path.ms).toBeUndefined()
  })

  it('does not believe that there is no way at all', async () => {
    const path = new PathRtt(() => Promise.resolve(0))
    path.look(0)
    await Promise.resolve()
    expect(path.ms).toBeUndefined()
  })
})
