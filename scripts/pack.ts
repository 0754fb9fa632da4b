/**
 * Writes the packages as npm gets them to `dist/npm/`, from a fresh build.
 * `npm publish dist/npm/blackhole` publishes one.
 */
import { execFileSync } from 'node:child_process'
import { relative } from 'node:path'
import process from 'node:process'
import { ROOT } from './build/targets.ts'
import { PUBLISHED, stage } from './packing/stage.ts'

execFileSync(process.execPath, ['scripts/build.ts'], { cwd: ROOT, stdio: 'inherit' })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', ...PUBLISHED.map((id) => `packages/${id}`)], {
  cwd: ROOT,
  stdio: 'inherit',
})
for (const id of PUBLISHED) console.log(relative(ROOT, stage(id)))
