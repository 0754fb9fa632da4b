import { once } from 'node:events'
import process from 'node:process'
import type { ChildProcess } from 'node:child_process'
import type { LabHost } from '../network/lab-host.ts'

/** Until a server listens; it takes less than a second on a machine that does nothing else. */
const READY_TIMEOUT_MS = 30_000

/**
 * Starts a Node program on a host and waits until it says that it is ready,
 * by any message over IPC. It ends with the network.
 *
 * @throws when it ends before, or is not ready within 30 s
 */
export async function startServer(host: LabHost, program: string, args: readonly string[]): Promise<ChildProcess> {
  const child = host.spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const stop = new AbortController()
  const { signal } = stop
  try {
    await Promise.race([
      once(child, 'message', { signal: AbortSignal.any([signal, AbortSignal.timeout(READY_TIMEOUT_MS)]) }),
      once(child, 'exit', { signal }).then(() => {
        throw new Error(`${program} ended on ${host.name} before it was ready`)
      }),
    ])
    return child
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    stop.abort()
  }
}
