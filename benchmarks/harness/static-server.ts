import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import type { AddressInfo } from 'node:net'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** A plain web server over a folder: whole files with entity tags, uncompressed, as the gateway sends them. */
export interface StaticServer {
  readonly port: number
  close(): Promise<void>
}

/** Serves a folder on loopback. Browsers revalidate what they cached. */
export async function serveFolder(folder: string): Promise<StaticServer> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/'))
    readFile(join(folder, path.endsWith('/') ? `${path}index.html` : path)).then(
      (bytes) => {
        const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`
        const headers = { etag, 'cache-control': 'no-cache' }
        if (request.headers['if-none-match'] === etag) {
          response.writeHead(304, headers).end()
          return
        }
        const type = TYPES[extname(path) || '.html'] ?? 'application/octet-stream'
        response.writeHead(200, { ...headers, 'content-type': type, 'content-length': bytes.byteLength }).end(bytes)
      },
      () => {
        response.writeHead(404, { 'content-length': 0 }).end()
      },
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
