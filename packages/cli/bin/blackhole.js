#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [major = 0] = process.versions.node.split('.').map(Number)
const main = new URL('../dist/main.js', import.meta.url)

if (major < 22) {
  console.error(
    `blackhole needs Node 22 or later and runs on ${process.version}. In a clone of the repository, npx picks it.`,
  )
  process.exitCode = 1
} else if (!existsSync(fileURLToPath(main))) {
  console.error('blackhole is not built: run "npm run build" in the repository.')
  process.exitCode = 1
} else {
  await import(main.href)
}
