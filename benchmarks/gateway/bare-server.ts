/** Serves one file from memory, whole in one write, whatever is asked for: what `node:http` reaches at best. Says its port on a line. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const file = readFileSync(process.argv[2] ?? '')
const server = createServer({ noDelay: true }, (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': file.byteLength })
  response.end(file)
})
server.listen(0, '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port)
})
