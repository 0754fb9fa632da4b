/**
 * Builds what the relay serves to visitors, the published libraries and the
 * `blackhole` command. Runs on Node 24 as it is.
 *
 *     node scripts/build.ts [NAME…]     only targets whose name contains one of the words
 */
import process from 'node:process'
import { bundle, type BuiltFile } from './build/bundle.ts'
import { targets } from './build/targets.ts'

const started = performance.now()
const words = process.argv.slice(2)
const chosen = targets().filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))

for (const target of chosen) {
  try {
    report(await bundle(target))
  } catch (error) {
    process.exitCode = 1
    console.error(`${target.name} was not built: ${error instanceof Error ? error.message : String(error)}`)
  }
}
console.log(`built in ${((performance.now() - started) / 1000).toFixed(1)} s`)

function report(files: readonly BuiltFile[]): void {
  for (const { path, gzipBytes } of files)
    console.log(`${path.padEnd(48)} ${(gzipBytes / 1024).toFixed(1)} KiB gzipped`)
}
