import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('lists the benchmarks when none is named', async () => {
  const { code, stdout } = await bench()
  expect(code).toBe(0)
  for (const name of ['transfer', 'page-load', 'size']) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
})

it.each([
  [['unheard-of'], 'There is no benchmark "unheard-of"'],
  [['toString'], 'There is no benchmark "toString"'],
  [['size', '--runs', 'few'], '--runs must be a whole number, got "few"'],
  [['size', '--loud'], '--loud'],
])('ends with 2 and says what is wrong: %s', async (args, message) => {
  const { code, stdout, stderr } = await bench(...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})

it('ends with one line of JSON that programs rely on', { timeout: 60_000 }, async () => {
  const { code, stdout } = await bench('size', '--runs', '1', '--json')
  expect(code).toBe(0)
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { rows: unknown[]; ratios: unknown[] }
  expect(Object.keys(report)).toEqual(['bench', 'machine', 'rows', 'ratios'])
  expect(report).toMatchObject({ bench: 'size', machine: { cores: expect.any(Number), load: expect.any(Number) } })
  for (const row of report.rows)
    expect(row).toEqual({
      name: expect.any(String),
      value: expect.any(Number),
      unit: expect.any(String),
      runs: [expect.any(Number)],
    })
  expect(report.ratios).toHaveLength(3)
  for (const ratio of report.ratios)
    expect(ratio).toEqual({
      name: expect.any(String),
      value: expect.any(Number),
      aim: expect.stringMatching(/^<= \d+$/),
      met: true,
    })
})

async function bench(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, 'run.ts'), ...args], (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr })
    })
  })
}
