import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
}

/** An ordinary web server for a folder, as any site has one. It counts what it sends. */
export interface OriginServer {
  readonly url: string
  /** Bytes of bodies sent so far. */
  readonly sentBytes: number
  /** Paths answered with a body so far. */
  readonly sentPaths: readonly string[]
  stop(): Promise<void>
}

/**
 * Serves a folder.
 *
 * @param port - 0 for any
 */
export async function startOriginServer(folder: string, port = 0): Promise<OriginServer> {
  let sentBytes = 0
  const sentPaths: string[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const { pathname } = new URL(request.url ?? '/', 'http://origin')
      const path = normalize(decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname))
      const bytes = await readFile(join(folder, path)).catch(() => undefined)
      if (bytes === undefined) {
        response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found')
        return
      }
      const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`
      const headers = { ETag: etag, 'Cache-Control': 'no-cache' }
      if (request.headers['if-none-match'] === etag) {
        response.writeHead(304, headers).end()
        return
      }
      const body = request.method === 'HEAD' ? Buffer.alloc(0) : bytes
      sentBytes += body.byteLength
      sentPaths.push(pathname)
      const type = TYPES[extname(path)] ?? 'application/octet-stream'
      response.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': bytes.byteLength }).end(body)
    })()
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://localhost:${String((server.address() as AddressInfo).port)}`,
    get sentBytes() {
      return sentBytes
    },
    sentPaths,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
