import process from 'node:process'
import { test } from 'playwright/test'

/** Puts figures that a test measured into its report, and beside the list of tests. */
export function measured(figures: string): void {
  test.info().annotations.push({ type: 'measured', description: figures })
  process.stdout.write(`     ${test.info().title}: ${figures}\n`)
}
