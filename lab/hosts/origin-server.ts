/**
 * A plain web server: a folder with lengths, ranges and entity tags, as any
 * origin sends files. Everything may be stored and is asked for again.
 *
 *     node origin-server.ts FOLDER PORT     says "ready" over IPC
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import process from 'node:process'
import type { IncomingMessage, ServerResponse } from 'node:http'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.ts': 'video/mp2t',
}

const [folder = '', port = ''] = process.argv.slice(2)

const server = createServer((request, response) => {
  answer(request, response).catch(() => {
    if (!response.headersSent) response.writeHead(404, { 'content-length': 0 })
    response.end()
  })
})
server.listen(Number(port), '0.0.0.0', () => process.send?.('ready'))
process.on('disconnect', () => process.exit(0))

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'OPTIONS') {
    // A page of another origin asks first whether it may name a range: one of a site with several web seeds.
    response.writeHead(204, { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }).end()
    return
  }
  const path = normalize(decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/'))
  const file = join(folder, path.endsWith('/') ? `${path}index.html` : path)
  const { size, mtimeMs } = await stat(file)
  const headers = {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'cache-control': 'no-cache',
    'accept-ranges': 'bytes',
    'access-control-allow-origin': '*',
    etag: `"${size}-${mtimeMs}"`,
  }
  if (request.headers['if-none-match'] === headers.etag) {
    response.writeHead(304, headers).end()
    return
  }
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  const start = first === undefined ? 0 : Number(first)
  const end = last === undefined || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  const range = first === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }
  response.writeHead(first === undefined ? 200 : 206, { ...headers, ...range, 'content-length': end - start + 1 })
  if (request.method === 'HEAD') response.end()
  else createReadStream(file, { start, end }).pipe(response)
}
