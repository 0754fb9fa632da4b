import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { chromium } from 'playwright'

/** The engines that the tests run in. */
export type BrowserName = 'chromium' | 'firefox'

/** Environment variables that name an executable, and the commands that are looked for on the PATH otherwise. */
const SOURCES: Readonly<Record<BrowserName, { variable: string; commands: readonly string[] }>> = {
  chromium: {
    variable: 'BLACKHOLE_CHROMIUM',
    commands: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
  },
  firefox: { variable: 'BLACKHOLE_FIREFOX', commands: ['firefox-esr', 'firefox'] },
}

/**
 * Finds a browser: the one that `BLACKHOLE_CHROMIUM` or `BLACKHOLE_FIREFOX`
 * names, one on the PATH, or one that was downloaded by `scripts/ensure-browsers.ts`.
 *
 * @returns the executable's path, or undefined when there is none
 * @throws when the variable names something that can't be run
 */
export function findBrowser(name: BrowserName): string | undefined {
  const { variable, commands } = SOURCES[name]
  const named = process.env[variable]
  if (named !== undefined && named !== '') {
    if (!isExecutable(named)) throw new Error(`${variable} names ${named}, which can't be executed`)
    return named
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  // Debian's folder comes last on purpose: a PATH that leaves it out still finds what apt-get installed.
  const candidates = commands.flatMap((command) => [...folders, '/usr/bin'].map((folder) => join(folder, command)))
  return [...candidates, ...downloaded(name)].find(isExecutable)
}

/**
 * Like {@link findBrowser}, for callers that can't go on without.
 *
 * @throws when there is none, saying how to get one
 */
export function requireBrowser(name: BrowserName): string {
  const found = findBrowser(name)
  if (found === undefined) {
    throw new Error(`No ${name} found: run "node scripts/ensure-browsers.ts", or name one in ${SOURCES[name].variable}`)
  }
  return found
}

/** What `scripts/ensure-browsers.ts` downloaded. Firefox is a stock build: Playwright's own does not speak BiDi. */
function downloaded(name: BrowserName): string[] {
  if (name === 'chromium') return [chromium.executablePath()]
  const builds = join(DOWNLOADS, 'firefox')
  return existsSync(builds) ? readdirSync(builds).map((build) => join(builds, build, 'firefox', 'firefox')) : []
}

/** Folder for downloaded browsers, inside `node_modules` so that git and publishing never see it. */
export const DOWNLOADS = join(import.meta.dirname, '../../../../node_modules/.cache/blackhole-browsers')

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
