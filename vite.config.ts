import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumFlags } from './packages/testkit/src/browsers/chromium-flags.ts'
import { findBrowser } from './packages/testkit/src/browsers/executables.ts'
import { OutcomeReporter } from './scripts/testing/vitest-reporter.ts'

/** Undefined when there is none: the tests then say how to get one. */
const executablePath = findBrowser('chromium')

/** Where `npm test` wants to read how the tests came out. */
const outcome = process.env['TEST_OUTCOME_FILE']

export default defineConfig({
  test: {
    reporters: ['default', ...(outcome === undefined ? [] : [new OutcomeReporter(outcome)])],
    // Guards against a test that hangs. None takes more than 10 s of a core, but others may want that core, too.
    testTimeout: 45_000,
    hookTimeout: 45_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          environment: 'node',
          include: ['packages/*/src/**/*.test.ts', '{benchmarks,fuzz,scripts,soak}/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts', '**/dist/**', '**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          // Networks whose rates and delays tests hold to what is set: nothing may run beside them.
          name: 'lab',
          environment: 'node',
          include: ['lab/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['packages/*/src/**/*.browser.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { args: chromiumFlags(), ...(executablePath === undefined ? {} : { executablePath }) },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
