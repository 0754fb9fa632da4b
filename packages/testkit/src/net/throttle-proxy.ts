import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Link } from './link.ts'

/** The link that a throttle proxy imitates. */
export interface ThrottleInit {
  /** Port of the server behind the proxy, on loopback. */
  readonly targetPort: number
  /** From the server to the browser. */
  readonly downBytesPerSecond: number
  /** From the browser to the server. */
  readonly upBytesPerSecond: number
  /** Half of it is spent on each way; a new connection costs one round trip before its first byte. */
  readonly roundTripMs: number
  /** Port to listen on; default: any. */
  readonly port?: number
}

/** A running proxy. */
export interface ThrottleProxy {
  readonly port: number
  /** Bytes that arrived at the browser's side. */
  readonly downBytes: number
  /** Bytes that arrived at the server's side. */
  readonly upBytes: number
  close(): Promise<void>
}

/**
 * Bytes that one connection may have on the link in one direction: two
 * bandwidth × delay products of 20 Mbit/s and 40 ms, so that the link stays
 * full and no connection hoards it.
 */
const MAX_IN_FLIGHT_BYTES = 256 * 1024

/** Connections take turns on the link in portions of this size. */
const PORTION_BYTES = 4 * 1024

/**
 * A TCP proxy on loopback that makes a link of a given bandwidth and delay
 * between a browser and a server. All its connections share the link, as those
 * of one household do. TCP's slow start is not imitated: the figures are those
 * of warm connections.
 */
export async function startThrottleProxy(init: ThrottleInit): Promise<ThrottleProxy> {
  const components = { now: () => performance.now() }
  const latencyMs = init.roundTripMs / 2
  const down = new Link(components, { bytesPerSecond: init.downBytesPerSecond, latencyMs })
  const up = new Link(components, { bytesPerSecond: init.upBytesPerSecond, latencyMs })
  const sockets = new Set<Socket>()
  const counted = { down: 0, up: 0 }

  const server = createServer({ noDelay: true, allowHalfOpen: true }, (browser) => {
    const origin = connect({ host: '127.0.0.1', port: init.targetPort, noDelay: true, allowHalfOpen: true })
    for (const [socket, other] of [
      [browser, origin],
      [origin, browser],
    ] as const) {
      sockets.add(socket)
      // `close` follows, and says that there was an error.
      socket.on('error', () => undefined)
      // One that broke takes the other with it; one that ended has said so over the link.
      socket.once('close', (broken) => {
        sockets.delete(socket)
        if (broken) other.destroy()
      })
    }
    // TCP's handshake: nothing flows before a packet went there and back.
    up.send(0, () => {
      down.send(0, () => {
        carry(browser, origin, up, (bytes) => (counted.up += bytes))
      })
    })
    carry(origin, browser, down, (bytes) => (counted.down += bytes))
  })
  await listen(server, init.port ?? 0)

  return {
    port: (server.address() as AddressInfo).port,
    get downBytes() {
      return counted.down
    },
    get upBytes() {
      return counted.up
    },
    async close() {
      down.close()
      up.close()
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Moves what `from` sends over the link to `to`, and stops reading while too much is under way. */
function carry(from: Socket, to: Socket, link: Link, count: (bytes: number) => void): void {
  let inFlight = 0
  from.on('data', (data: Buffer) => {
    inFlight += data.byteLength
    if (inFlight >= MAX_IN_FLIGHT_BYTES) from.pause()
    for (let start = 0; start < data.byteLength; start += PORTION_BYTES) {
      const portion = data.subarray(start, start + PORTION_BYTES)
      link.send(portion.byteLength, () => {
        if (to.destroyed) return
        // Counted as gone only once the receiver took it, so that a slow reader slows its sender.
        to.write(portion, () => {
          inFlight -= portion.byteLength
          if (inFlight < MAX_IN_FLIGHT_BYTES / 2) from.resume()
        })
        count(portion.byteLength)
      })
    }
  })
  from.once('end', () => {
    link.send(0, () => to.end())
  })
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      resolve()
    })
  })
}
