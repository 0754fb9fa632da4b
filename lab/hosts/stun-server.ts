/**
 * A STUN server (RFC 8489, the Binding method over UDP and IPv4) for systems that come without one.
 *
 *     node stun-server.ts PORT     says "ready" over IPC
 */
import { createSocket } from 'node:dgram'
import process from 'node:process'

const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const XOR_MAPPED_ADDRESS = 0x0020
const MAGIC_COOKIE = 0x2112a442
const HEADER_BYTES = 20
const IPV4 = 0x01

const socket = createSocket('udp4')
socket.on('message', (request, { address, port }) => {
  if (request.byteLength < HEADER_BYTES || request.readUInt32BE(4) !== MAGIC_COOKIE) return
  if (request.readUInt16BE(0) !== BINDING_REQUEST) return
  const response = Buffer.alloc(HEADER_BYTES + 12)
  // Cookie and transaction come back as they were sent.
  request.copy(response, 4, 4, HEADER_BYTES)
  response.writeUInt16BE(BINDING_SUCCESS, 0)
  response.writeUInt16BE(response.byteLength - HEADER_BYTES, 2)
  response.writeUInt16BE(XOR_MAPPED_ADDRESS, 20)
  response.writeUInt16BE(8, 22)
  response.writeUInt8(IPV4, 25)
  response.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), 26)
  const parts = address.split('.').map(Number)
  for (const [at, part] of parts.entries()) response.writeUInt8(part ^ (request[4 + at] ?? 0), 28 + at)
  socket.send(response, port, address)
})
socket.bind(Number(process.argv[2]), '0.0.0.0', () => process.send?.('ready'))
process.on('disconnect', () => process.exit(0))
