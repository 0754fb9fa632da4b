import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ROOT } from './workspace.ts'

/** Where the build puts what browsers get. */
export const ASSETS = join(ROOT, 'packages/cli/dist/assets')

/**
 * Most that each script may weigh, gzipped, in KiB. The loader is on the
 * owner's page before anything paints; a worker can't load code later, so its
 * size is its start; bare libp2p alone makes 193 of the peer's.
 */
export const BUDGETS = Object.freeze({ loader: 3, worker: 220, peer: 240 })

/** What each is called. */
export const FILES = { loader: 'blackhole.js', worker: 'blackhole-sw.js', peer: 'blackhole-peer.js' } as const

/** A script's weight and what it may weigh, in KiB gzipped. */
export interface Weight {
  readonly name: keyof typeof BUDGETS
  readonly kib: number
  readonly budget: number
}

/**
 * Weighs loader, worker and peer with gzip at its best, as a server does that compresses once.
 *
 * @throws when they have not been built
 */
export async function weighAssets(folder = ASSETS): Promise<Weight[]> {
  const weights: Weight[] = []
  // One after the other: of several that are missing, the same is named each time.
  for (const name of ['loader', 'worker', 'peer'] as const) {
    const bytes = await readFile(join(folder, FILES[name])).catch((cause: unknown) => {
      throw new Error(`${FILES[name]} is not in ${folder}: build it with "npm run build"`, { cause })
    })
    weights.push({ name, kib: gzipSync(bytes, { level: 9 }).byteLength / 1024, budget: BUDGETS[name] })
  }
  return weights
}
