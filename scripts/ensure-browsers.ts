/**
 * Finds the browsers that the tests need and installs those that are missing:
 * Debian's when this runs as root where apt-get is, else a download of the
 * tool that drives them. Says what it found or did.
 *
 *     node scripts/ensure-browsers.ts [chromium] [firefox]
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { type BrowserName, DOWNLOADS, findBrowser } from '../packages/testkit/src/browsers/executables.ts'

const DEBIAN_PACKAGES: Readonly<Record<BrowserName, string>> = { chromium: 'chromium', firefox: 'firefox-esr' }

const asked = process.argv.slice(2)
const wanted = (['chromium', 'firefox'] as const).filter((name) => asked.length === 0 || asked.includes(name))
install(wanted.filter((name) => findBrowser(name) === undefined))
for (const name of wanted) report(name)

function install(missing: readonly BrowserName[]): void {
  if (missing.length === 0) return
  console.log(`not found: ${missing.join(', ')}`)
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    run('apt-get', ['update'])
    run('apt-get', ['install', '-y', '--no-install-recommends', ...missing.map((name) => DEBIAN_PACKAGES[name])])
  } else {
    for (const name of missing) download(name)
  }
}

function download(name: BrowserName): void {
  const require = createRequire(import.meta.url)
  if (name === 'chromium') {
    run(process.execPath, [join(dirname(require.resolve('playwright/package.json')), 'cli.js'), 'install', 'chromium'])
  } else {
    // A stock Firefox: Playwright's own build does not speak WebDriver BiDi, which drives it here.
    run('npx', ['--no-install', 'browsers', 'install', 'firefox@esr', '--path', DOWNLOADS])
  }
}

function run(command: string, args: readonly string[]): void {
  console.log(`$ ${command} ${args.join(' ')}`)
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (error !== undefined) console.error(error.message)
  else if (status !== 0) console.error(`${command} ended with ${String(status)}`)
}

function report(name: BrowserName): void {
  const path = findBrowser(name)
  if (path === undefined) {
    console.error(
      `${name} could not be installed. Install it, or name its executable in BLACKHOLE_${name.toUpperCase()}.`,
    )
    process.exitCode = 1
  } else {
    const version = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim()
    console.log(`${name}: ${path} (${version})`)
  }
}
