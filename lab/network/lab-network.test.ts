import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoNetworks } from './ip.ts'
import { LabNetwork } from './lab-network.ts'
import { existingNamespaces } from './namespaces.ts'
import type { LabHost } from './lab-host.ts'
import type { NatKind } from './nat.ts'

const reason = await whyNoNetworks()
if (reason !== undefined) console.warn(`The laboratory's networks are not tested: ${reason}`)

/** Port of the servers on the hosts. */
const PORT = 7000

describe.skipIf(reason !== undefined)('a network of the laboratory', () => {
  let network: LabNetwork
  let server: LabHost
  let other: LabHost

  beforeAll(async () => {
    network = await LabNetwork.create()
    server = await network.addHost('server')
    other = await network.addHost('other')
    await Promise.all([server, other].map((host) => serve(host)))
  })

  afterAll(() => {
    network.close()
  })

  it('carries what is set, each way, and counts it', { timeout: 60_000 }, async () => {
    const host = await network.addHost('limited', { upMbit: 8, downMbit: 20 })
    const bytes = 2_000_000
    const target = { address: server.address, port: PORT, bytes }
    expect(await quickest(8, () => host.run(upload, target))).toSatisfy(within(8))
    const before = (await network.traffic()).get('limited')?.received ?? 0
    const received = await host.run(download, target)
    expect(received.bytes).toBe(bytes)
    const traffic = (await network.traffic()).get('limited')
    expect(traffic?.sent).toBeGreaterThan(bytes)
    expect((traffic?.received ?? 0) - before).toBeGreaterThan(bytes)
    expect((traffic?.received ?? 0) - before).toBeLessThan(1.2 * bytes)
    expect(await quickest(20, () => host.run(download, target))).toSatisfy(within(20))
  })

  it('gives hosts that are added at once addresses of their own', { timeout: 60_000 }, async () => {
    const added = await Promise.all(['one', 'two', 'three'].map((name) => network.addHost(name, { delayMs: 1 })))
    expect(new Set(added.map(({ address }) => address)).size).toBe(3)
    const target = { address: server.address, port: PORT, bytes: 10_000 }
    for (const host of added) expect((await host.run(download, target)).bytes).toBe(10_000)
  })

  it('delays TCP and UDP by what is set, and loses nothing of it', { timeout: 60_000 }, async () => {
    const far = await network.addHost('far', { delayMs: 30, downMbit: 20 })
    const { tcpMs, udpMs } = await far.run(roundTrips, { address: server.address, port: PORT })
    for (const ms of [tcpMs, udpMs]) {
      expect(ms).toBeGreaterThanOrEqual(59)
      expect(ms).toBeLessThan(75)
    }
    const bytes = 1_000_000
    const received = await far.run(download, { address: server.address, port: PORT, bytes })
    expect(received.bytes).toBe(bytes)
  })

  it.each<[NatKind, boolean, 'anyone' | 'those asked']>([
    ['full-cone', true, 'anyone'],
    ['cone', true, 'those asked'],
    ['symmetric', false, 'those asked'],
  ])('has %s NATs', { timeout: 60_000 }, async (nat, samePort, letsIn) => {
    const inside = await network.addHost(`behind-${nat}`, { nat })
    const at = await inside.run(mappings, { addresses: [server.address, other.address], port: PORT })
    expect(at.map(({ address }) => address)).toEqual([at[0]?.address, at[0]?.address])
    expect(at[0]?.address).not.toBe(inside.address)
    expect(at[0]?.port === at[1]?.port).toBe(samePort)
    // TCP passes as well.
    expect((await inside.run(download, { address: server.address, port: PORT, bytes: 1000 })).bytes).toBe(1000)
    // A socket inside that has sent to `server` alone hears nobody else, or everybody.
    await serve(inside, server)
    const outside = { address: at[0]?.address ?? '', port: PORT, timeoutMs: letsIn === 'anyone' ? 10_000 : 300 }
    expect(await other.run(isAnswered, outside)).toBe(letsIn === 'anyone')
  })
})

describe.skipIf(reason !== undefined)('nothing is left', () => {
  it('after close, though programs run on the hosts', async () => {
    const network = await LabNetwork.create()
    const host = await network.addHost('host', { delayMs: 5 })
    const child = host.spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const ended = once(child, 'exit')
    const { namespace } = host
    expect(existingNamespaces()).toContain(namespace)
    network.close()
    await ended
    expect(ours(process.pid)).toEqual([])
  })

  it.each(['SIGINT', 'SIGKILL'] as const)('after %s, for SIGKILL once the next has begun', async (signal) => {
    const program = `import { LabNetwork } from ${JSON.stringify(join(import.meta.dirname, 'lab-network.ts'))}
const network = await LabNetwork.create()
await network.addHost('host')
console.log('made')
setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pid = child.pid ?? 0
    await once(child.stdout, 'data')
    expect(ours(pid)).toHaveLength(2)
    const ended = once(child, 'exit')
    child.kill(signal)
    const [code] = (await ended) as [number | null]
    if (signal === 'SIGINT') expect(code).toBe(130)
    else (await LabNetwork.create()).close()
    expect(ours(pid)).toEqual([])
  })
})

function ours(pid: number): string[] {
  return existingNamespaces().filter((name) => name.startsWith(`bhlab-${pid}-`) && !name.endsWith('-probe'))
}

/** Within a tenth of what was set: headers are part of what is limited, and take a twentieth. */
function within(mbit: number): (measured: number) => boolean {
  return (measured) => measured >= 0.9 * mbit && measured <= 1.1 * mbit
}

/** The best of up to five transfers: what the machine does besides only slows them down, and none may be too quick. */
async function quickest(mbit: number, transfer: () => Promise<Measured>): Promise<number> {
  let best = 0
  for (let tries = 0; tries < 5 && best < 0.9 * mbit; tries += 1) best = Math.max(best, (await transfer()).mbit)
  return best
}

/** On the host: TCP that sends as many bytes as the first line says or counts what comes; UDP that tells senders who they are. */
async function serve(host: LabHost, greeted?: LabHost): Promise<void> {
  const program = `
const tcp = require('node:net').createServer((socket) => {
  let received = 0
  socket.on('error', () => {})
  socket.once('data', (first) => {
    const [line] = first.toString('latin1').split('\\n')
    const [verb, count] = line.split(' ')
    if (verb === 'get') return void socket.end(Buffer.alloc(Number(count)))
    const take = (data) => { received += data.length; if (received >= Number(count)) socket.end('done') }
    take(first.subarray(line.length + 1))
    socket.on('data', take)
  })
})
const udp = require('node:dgram').createSocket('udp4')
udp.on('message', (message, { address, port }) => {
  if (String(message) === 'who am I?') udp.send(JSON.stringify({ address, port }), port, address)
})
tcp.listen(${PORT}, () => udp.bind(${PORT}, () => {
  ${greeted === undefined ? '' : `udp.send('who am I?', ${PORT}, '${greeted.address}')`}
  console.log('ready')
}))`
  const child = host.spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.stdout !== null) await once(child.stdout, 'data')
}

interface Target {
  readonly address: string
  readonly port: number
  readonly bytes: number
}

interface Measured {
  readonly bytes: number
  readonly mbit: number
}

async function download({ address, port, bytes }: Target): Promise<Measured> {
  const net = globalThis.process.getBuiltinModule('node:net')
  const socket = net.connect(port, address)
  socket.write(`get ${bytes}\n`)
  let received = 0
  let before = 0
  let start = 0
  for await (const data of socket as AsyncIterable<Buffer>) {
    // The bucket is full at first, and what it holds comes at once.
    if (start === 0 && received > 100_000) {
      start = performance.now()
      before = received
    }
    received += data.length
  }
  return { bytes: received, mbit: (8 * (received - before)) / (performance.now() - start) / 1000 }
}

async function upload({ address, port, bytes }: Target): Promise<Measured> {
  const net = globalThis.process.getBuiltinModule('node:net')
  const socket = net.connect(port, address)
  const start = performance.now()
  socket.write(`put ${bytes}\n`)
  socket.write(Buffer.alloc(bytes))
  await new Promise((resolve) => socket.once('data', resolve))
  socket.destroy()
  return { bytes, mbit: (8 * bytes) / (performance.now() - start) / 1000 }
}

/** The shortest of several round trips: what the machine does besides only adds. */
async function roundTrips({
  address,
  port,
}: {
  address: string
  port: number
}): Promise<{ tcpMs: number; udpMs: number }> {
  const net = globalThis.process.getBuiltinModule('node:net')
  const dgram = globalThis.process.getBuiltinModule('node:dgram')
  let tcpMs = Infinity
  let udpMs = Infinity
  const udp = dgram.createSocket('udp4')
  for (let i = 0; i < 8; i++) {
    const start = performance.now()
    udp.send('who am I?', port, address)
    await new Promise((resolve) => udp.once('message', resolve))
    udpMs = Math.min(udpMs, performance.now() - start)
  }
  for (let i = 0; i < 8; i++) {
    const start = performance.now()
    const socket = net.connect(port, address)
    await new Promise((resolve) => socket.once('connect', resolve))
    tcpMs = Math.min(tcpMs, performance.now() - start)
    socket.destroy()
  }
  udp.close()
  return { tcpMs, udpMs }
}

/** Whether a UDP server answers at all. */
async function isAnswered({
  address,
  port,
  timeoutMs,
}: {
  address: string
  port: number
  timeoutMs: number
}): Promise<boolean> {
  const udp = globalThis.process.getBuiltinModule('node:dgram').createSocket('udp4')
  const answered = new Promise<boolean>((resolve) => udp.once('message', () => resolve(true)))
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), timeoutMs))
  udp.send('who am I?', port, address)
  return await Promise.race([answered, late])
}

/** As whom one UDP socket is seen by several hosts. */
async function mappings({
  addresses,
  port,
}: {
  addresses: string[]
  port: number
}): Promise<{ address: string; port: number }[]> {
  const udp = globalThis.process.getBuiltinModule('node:dgram').createSocket('udp4')
  const seen: { address: string; port: number }[] = []
  for (const address of addresses) {
    udp.send('who am I?', port, address)
    const message = await new Promise<Buffer>((resolve) => udp.once('message', resolve))
    seen.push(JSON.parse(message.toString()) as { address: string; port: number })
  }
  udp.close()
  return seen
}
