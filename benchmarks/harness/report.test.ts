import { describe, expect, it } from 'vitest'
import { measured, ratio, row, valueOf } from './report.ts'
import { renderReport } from './table.ts'

describe('row', () => {
  it('has the median of its runs, and the runs in order', () => {
    expect(row('x', 'ms', [30, 10, 20])).toEqual({ name: 'x', value: 20, unit: 'ms', runs: [30, 10, 20] })
  })
})

describe('ratio', () => {
  it('meets its aim on the bound', () => {
    expect(ratio('x', 0.85, '>=', 0.85)).toEqual({ name: 'x', value: 0.85, aim: '>= 0.85', met: true })
    expect(ratio('x', 1.05, '<=', 1.05).met).toBe(true)
  })

  it('does not meet it beyond, even when rounding hides that', () => {
    expect(ratio('x', 0.8499, '>=', 0.85)).toMatchObject({ value: 0.85, met: false })
    expect(ratio('x', 1.051, '<=', 1.05).met).toBe(false)
  })

  it('does not meet it without a measurement', () => {
    expect(ratio('x', valueOf([], 'x'), '>=', 0.85).met).toBe(false)
    expect(ratio('x', valueOf([], 'x'), '<=', 1.05).met).toBe(false)
  })
})

describe('measured', () => {
  it('leaves out what has no number', () => {
    const found = measured({
      rows: [row('x', 'ms', [1]), row('y', 'ms', [Number.NaN])],
      ratios: [ratio('y / x', Number.NaN, '<=', 1)],
    })
    expect(found).toEqual({ rows: [row('x', 'ms', [1])], ratios: [] })
  })
})

describe('renderReport', () => {
  it('aligns numbers to the right and says which aims are not met', () => {
    const text = renderReport({
      bench: 'transfer',
      machine: { cores: 2, load: 0.5 },
      rows: [row('raw', 'MB/s', [12]), row('a longer name', 'ms', [140, 150])],
      ratios: [ratio('ours / raw', 0.5, '>=', 0.85)],
    })
    expect(text).toBe(
      [
        'transfer, 2 cores, load 0.5 before the first run',
        '',
        '               median  unit  runs',
        'raw                12  MB/s  12',
        'a longer name     145  ms    140 150',
        '',
        'ours / raw  0.5  aim >= 0.85  NOT MET',
      ].join('\n'),
    )
  })
})
