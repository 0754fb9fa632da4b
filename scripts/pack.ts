/**
 * Writes the packages as npm gets them to `dist/npm/` and checks them.
 * `npm publish dist/npm/blackhole` publishes one.
 *
 *     node scripts/pack.ts [--built]     takes the build that is there
 */
import { execFileSync } from 'node:child_process'
import { relative } from 'node:path'
import process from 'node:process'
import { ROOT } from './build/targets.ts'
import { PUBLISHED, stage } from './packing/stage.ts'
import { verify } from './packing/verify.ts'

if (!process.argv.includes('--built')) run('scripts/build.ts')
run('node_modules/typescript/bin/tsc', '-b', ...PUBLISHED.map((id) => `packages/${id}`))
for (const id of PUBLISHED) {
  const folder = stage(id)
  await verify(folder)
  console.log(relative(ROOT, folder))
}

function run(...args: string[]): void {
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
}
