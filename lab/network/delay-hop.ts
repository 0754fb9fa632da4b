/**
 * A hop that adds latency, since not every kernel has `netem`. A host's cable
 * is cut in two here: both ends are VXLAN devices (RFC 7348), which wrap each
 * Ethernet frame into a UDP packet to this process, and it passes the packet
 * on to the other end later. So everything is delayed, UDP and TCP alike, and
 * hosts notice nothing but the time.
 *
 *     node delay-hop.ts PORT ADDRESS     says "ready"; takes {"vni", "delayMs"} over IPC
 */
import { createSocket } from 'node:dgram'
import process from 'node:process'
import { completeChecksum } from './checksums.ts'

/** The header of a VXLAN packet; the network's number stands in bytes 4 to 6. */
const HEADER_BYTES = 8
const NUMBER_AT = 4

/** Frames that may be under way in one direction of a cable: 200 ms of 100 Mbit/s. More are lost, as on a real link. */
const MAX_FRAMES = 2_000

/** Buffer for what arrives while the process is not running. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024

const [port = '', address = ''] = process.argv.slice(2)
const delays = new Map<number, number>()
const underWay = new Map<number, number>()
const socket = createSocket({ type: 'udp4', recvBufferSize: SOCKET_BUFFER_BYTES, sendBufferSize: SOCKET_BUFFER_BYTES })

socket.on('message', (packet) => {
  if (packet.length < HEADER_BYTES) return
  const from = packet.readUIntBE(NUMBER_AT, 3)
  // The two ends of a cable are an even number and the odd one after it.
  const cable = from & ~1
  const delayMs = delays.get(cable)
  const waiting = underWay.get(from) ?? 0
  if (delayMs === undefined || waiting >= MAX_FRAMES) return
  packet.writeUIntBE(from ^ 1, NUMBER_AT, 3)
  completeChecksum(packet.subarray(HEADER_BYTES))
  underWay.set(from, waiting + 1)
  setTimeout(() => {
    underWay.set(from, (underWay.get(from) ?? 1) - 1)
    socket.send(packet, Number(port), address)
  }, delayMs)
})
process.on('message', ({ vni, delayMs }: { vni: number; delayMs: number }) => {
  delays.set(vni, delayMs)
  process.send?.('set')
})
process.on('disconnect', () => process.exit(0))
socket.bind(Number(port), () => process.send?.('ready'))
