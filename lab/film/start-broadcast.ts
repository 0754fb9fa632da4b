import { join } from 'node:path'
import { startServer } from '../hosts/server-process.ts'
import type { LabHost } from '../network/lab-host.ts'
import type { Film } from './make-film.ts'

/**
 * Makes a broadcast ready on a host: its first segments are there.
 *
 * @returns begins it
 */
export async function startBroadcast(host: LabHost, film: Film, out: string): Promise<() => void> {
  const args = [film.folder, out, String(film.segmentS), String(film.qualities.length)]
  const child = await startServer(host, join(import.meta.dirname, 'broadcaster.ts'), args)
  return () => {
    child.send('begin')
  }
}
