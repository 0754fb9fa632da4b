import { expect, it } from 'vitest'
import { ConnectionBudget, CONNECTION_BUDGET } from './connection-budget.ts'

function storage(): { getItem: (key: string) => string | null; setItem: (key: string, value: string) => void } {
  const values = new Map<string, string>()
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) }
}

it('is spent over reloads, more and more sparingly, and far below the browser’s own limit', () => {
  const tab = storage()
  const pages: number[] = []
  for (let reload = 0; reload < 500; reload++) {
    const budget = new ConnectionBudget({ storage: tab })
    const dials = budget.wished(12)
    pages.push(dials)
    for (let dial = 0; dial < dials; dial++) budget.spend()
  }
  expect(pages[0]).toBe(12)
  expect(pages[22]).toBeGreaterThanOrEqual(6)
  expect(pages[60]).toBeGreaterThanOrEqual(1)
  expect(pages).toEqual([...pages].sort((a, b) => b - a))
  expect(pages.reduce((sum, dials) => sum + dials, 0)).toBe(CONNECTION_BUDGET.total)
  expect(pages.at(-1)).toBe(0)
})

it('holds for the page alone where nothing can be stored, and trusts no damaged count', () => {
  const broken = {
    getItem: (): string | null => {
      throw new DOMException('denied', 'SecurityError')
    },
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError')
    },
  }
  const budget = new ConnectionBudget({ storage: broken }, { total: 2 })
  budget.spend()
  expect(budget.left).toBe(1)
  const damaged = storage()
  damaged.setItem('blackhole:connections', '-7')
  expect(new ConnectionBudget({ storage: damaged }).left).toBe(0)
  expect(new ConnectionBudget().wished(12)).toBe(12)
})
