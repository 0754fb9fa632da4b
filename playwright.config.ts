import { defineConfig } from 'playwright/test'
import { chromiumFlags } from './packages/testkit/src/browsers/chromium-flags.ts'
import { findBrowser } from './packages/testkit/src/browsers/executables.ts'

const executablePath = findBrowser('chromium')

/**
 * End-to-end tests. Playwright drives Chromium. Tests that need Firefox, or
 * both, start it themselves through the testkit (`launchFirefox`) and carry
 * the tag `@firefox`. Tests that hold to a time or to a bound of memory carry
 * `@alone`: `npm test` runs them after the others, with nothing beside them.
 */
export default defineConfig({
  testMatch: ['examples/**/*.e2e.ts', 'packages/*/src/**/*.e2e.ts', 'soak/*.e2e.ts'],
  outputDir: 'test-results',
  // The machine that this must pass on has two cores, and a test may run four browsers. `npm test` says 2 for
  // those that are not in a hurry.
  workers: 1,
  // Here a test that passes at the second try is a test that fails. On CI it is told apart from one that
  // always fails, and the summary names it as a fault to be found.
  retries: process.env['CI'] === undefined ? 0 : 1,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
  timeout: 120_000,
  expect: { timeout: 15_000 },
  use: {
    headless: true,
    launchOptions: { args: chromiumFlags(), ...(executablePath === undefined ? {} : { executablePath }) },
    trace: 'off',
  },
  projects: [
    { name: 'chromium', grepInvert: /@firefox/ },
    { name: 'firefox', grep: /@firefox/ },
  ],
})
