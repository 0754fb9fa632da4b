import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.txt': 'text/plain',
}

/** A web server of a site's owner, whose files a test changes as a deployment does. */
export interface OriginServer {
  /** Origin with a slash at the end. */
  readonly url: string
  /** What is served now, by path without the first slash. */
  readonly files: Map<string, string | Uint8Array>
  /** `GET /path` of each request so far. */
  readonly requests: string[]
  /** Nobody answers any more, until it is started again. */
  stop(): Promise<void>
  /** Answers again, at the same address. */
  start(): Promise<void>
}

/** Starts one. Nothing it sends is stored by the browser, so that each request is seen. */
export async function startOriginServer(): Promise<OriginServer> {
  const files = new Map<string, string | Uint8Array>()
  const requests: string[] = []
  const server = createServer(({ method = 'GET', url = '/', headers }, response) => {
    const { pathname, search } = new URL(url, 'http://origin')
    requests.push(`${method} ${pathname}${search}`)
    const path = decodeURIComponent(pathname.slice(1))
    const name = path === '' || path.endsWith('/') ? `${path}index.html` : path
    const content = files.get(name)
    if (content === undefined) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end(`nothing at ${pathname}`)
      return
    }
    const whole = Buffer.from(content)
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
    const range = first === undefined ? undefined : ([Number(first), Number(last)] as const)
    const bytes = range === undefined ? whole : whole.subarray(range[0], range[1] + 1)
    response.writeHead(range === undefined ? 200 : 206, {
      'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
      'Content-Length': bytes.byteLength,
      'Cache-Control': 'no-store',
      ...(range === undefined
        ? {}
        : { 'Content-Range': `bytes ${String(range[0])}-${String(range[1])}/${String(whole.byteLength)}` }),
    })
    response.end(method === 'HEAD' ? undefined : bytes)
  })
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://localhost:${String(port)}/`,
    files,
    requests,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
    start: () => listen(port),
  }
}
