import { describe, expect, it } from 'vitest'
import { PathRtt } from './path-rtt.ts'

describe('PathRtt', () => {
  it('keeps the smallest round trip that was seen, and asks often at first', async () => {
    const answers = [80, 30, undefined, 50, 20, 10]
    let asked = 0
    const path = new PathRtt(() => Promise.resolve(answers[asked++]))
    expect(path.ms).toBeUndefined()
    for (const [now, smallest] of [
      [0, 80],
      [1_000, 80],
      [3_000, 30],
      [6_000, 30],
      [9_000, 30],
      [12_000, 20],
      [20_000, 20],
      [43_000, 10],
    ] as const) {
      path.look(now)
      await Promise.resolve()
      expect(path.ms).toBe(smallest)
    }
    expect(asked).toBe(6)
  })

  it('goes without what can not be measured', async () => {
    const path = new PathRtt(() => Promise.reject(new Error('closed')))
    path.look(0)
    await Promise.resolve()
    expect(path.ms).toBeUndefined()
  })

  it('takes a neighbour, of whom browsers say 0 ms, for near', async () => {
    const path = new PathRtt(() => Promise.resolve(0))
    path.look(0)
    await Promise.resolve()
    expect(path.ms).toBe(0.5)
  })
})
