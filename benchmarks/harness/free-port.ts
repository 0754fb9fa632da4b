import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A TCP port of loopback that nothing listens on now, for two servers that must know each other's before they start. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
