import { once } from 'node:events'
import { createServer } from 'node:net'

/** Ports that are tried before giving up. */
const TRIES = 50

/**
 * The first port from this one on that nothing listens on.
 *
 * @throws when there is none near
 */
export async function findFreePort(from: number): Promise<number> {
  for (let port = from; port < from + TRIES; port++) if (await isFree(port)) return port
  throw new Error(`No free port from ${from} to ${from + TRIES - 1}; name one: PORT=9000 npm start`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
