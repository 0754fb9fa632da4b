import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { ROOT } from './paths.ts'

/** What the command and the browsers run. */
const BUILT = ['main.js', ...['', '-sw', '-sw-start', '-peer'].map((part) => `assets/blackhole${part}.js`)]

/**
 * Builds when something is missing or older than its source. What the build
 * says goes to standard error.
 *
 * @throws when the build fails
 */
export function buildIfNeeded(): void {
  const oldest = Math.min(...BUILT.map((file) => changedAt(join(ROOT, 'packages/cli/dist', file))))
  if (oldest > newestSource()) return
  console.error('Building…')
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('The build failed: see above.')
}

function newestSource(): number {
  const packages = readdirSync(join(ROOT, 'packages')).map((name) => join(ROOT, 'packages', name, 'src'))
  return Math.max(...packages.flatMap((folder) => readFiles(folder)).map(changedAt))
}

function readFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(test|e2e)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Milliseconds; 0 for what isn't there, so that it counts as old. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
