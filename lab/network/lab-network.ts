import { Delays } from './delays.ts'
import { runTool, whyNoNetworks } from './ip.ts'
import { LabHost } from './lab-host.ts'
import { Namespaces } from './namespaces.ts'
import { type NatKind, setUpNat } from './nat.ts'
import { limitEgress } from './shape.ts'

/** How a host is connected. */
export interface LinkOptions {
  /** 10^6 bit per second from the host, headers included; left out, as fast as the machine. */
  readonly upMbit?: number
  /** The same to the host. */
  readonly downMbit?: number
  /** Time to the middle of the network, each way; the round trip of two hosts is twice the sum of theirs. */
  readonly delayMs?: number
  /** A router with a NAT between the host and the network; left out, the host has a public address. */
  readonly nat?: NatKind
}

/** Bytes on a host's link since it was connected, headers included. */
export interface Traffic {
  readonly sent: number
  readonly received: number
}

/**
 * First two bytes of the addresses. They look public, since browsers and
 * Blackhole treat private ones otherwise; no packet leaves the namespaces.
 */
const NET = '44.128'

/** Default gateway of all: it leads nowhere, but without a default route Chromium finds no address of its own for WebRTC. */
const GATEWAY = `${NET}.0.1`

const MAX_HOSTS = 200

/** A private network behind a NAT; all have the same addresses, as at people's homes. */
const LAN = { router: '192.168.1.1', host: '192.168.1.2' } as const

/** Hosts around one switch, each in a network namespace, and nothing else: no packet leaves it. */
export class LabNetwork {
  readonly #namespaces = new Namespaces()
  readonly #delays = new Delays(this.#namespaces)
  readonly #hosts: LabHost[] = []
  #switch = ''

  /**
   * Makes a network without hosts. {@link LabNetwork.close} it in `finally`;
   * should the process end or be interrupted before, it is removed too.
   *
   * @throws when networks can't be made here: ask {@link whyNoNetworks} first
   */
  static async create(): Promise<LabNetwork> {
    const reason = await whyNoNetworks()
    if (reason !== undefined) throw new Error(reason)
    const network = new LabNetwork()
    try {
      network.#switch = await network.#namespaces.add('switch')
      await runTool('ip', ['-n', network.#switch, 'link', 'add', 'br0', 'type', 'bridge'])
      await runTool('ip', ['-n', network.#switch, 'addr', 'add', `${GATEWAY}/16`, 'dev', 'br0'])
      await runTool('ip', ['-n', network.#switch, 'link', 'set', 'br0', 'up'])
      return network
    } catch (error) {
      network.close()
      throw error
    }
  }

  get hosts(): readonly LabHost[] {
    return this.#hosts
  }

  /**
   * Connects a host.
   *
   * @param name - lower-case letters, digits and dashes; becomes a part of its namespace's name
   */
  async addHost(name: string, link: LinkOptions = {}): Promise<LabHost> {
    if (!/^[a-z][a-z0-9-]{0,20}$/.test(name)) throw new RangeError(`A host can't be named ${JSON.stringify(name)}`)
    if (this.#hosts.length >= MAX_HOSTS) throw new RangeError(`A network has at most ${MAX_HOSTS} hosts`)
    const index = this.#hosts.length + 1
    const publicAddress = `${NET}.1.${index}`
    const namespace = await this.#namespaces.add(name)
    const host = new LabHost({ name, namespace, address: link.nat === undefined ? publicAddress : LAN.host })
    this.#hosts.push(host)
    if (link.nat === undefined) {
      await this.#plugIn(namespace, 'eth0', index, publicAddress, link)
      await runTool('ip', ['-n', namespace, 'route', 'add', 'default', 'via', GATEWAY])
      return host
    }
    const router = await this.#namespaces.add(`${name}-router`)
    await this.#plugIn(router, 'wan', index, publicAddress, link)
    await runTool('ip', ['-n', router, 'route', 'add', 'default', 'via', GATEWAY])
    await runTool('ip', [
      'link',
      'add',
      'eth0',
      'netns',
      namespace,
      'type',
      'veth',
      'peer',
      'name',
      'lan',
      'netns',
      router,
    ])
    await setUp(router, 'lan', `${LAN.router}/24`)
    await setUp(namespace, 'eth0', `${LAN.host}/24`)
    await runTool('ip', ['-n', namespace, 'route', 'add', 'default', 'via', LAN.router])
    await setUpNat(router, link.nat, LAN.host)
    return host
  }

  /** Bytes of each host's link so far, counted by the switch. */
  async traffic(): Promise<ReadonlyMap<string, Traffic>> {
    const links = JSON.parse(await runTool('ip', ['-n', this.#switch, '-j', '-s', 'link', 'show'])) as LinkStatistics[]
    return new Map(
      this.#hosts.map(({ name }, index) => {
        const stats = links.find(({ ifname }) => ifname === port(index + 1))?.stats64
        return [name, { sent: stats?.rx.bytes ?? 0, received: stats?.tx.bytes ?? 0 }]
      }),
    )
  }

  /** Ends every process on the hosts and removes everything. May be called more than once. */
  close(): void {
    this.#namespaces.removeAll()
  }

  /** Lays a cable from a new device to a port of the switch. */
  async #plugIn(
    namespace: string,
    device: string,
    index: number,
    address: string,
    { upMbit, downMbit, delayMs = 0 }: LinkOptions,
  ): Promise<void> {
    const there = port(index)
    if (delayMs > 0) {
      await this.#delays.connect({ namespace, device }, { namespace: this.#switch, device: there }, delayMs)
    } else {
      await runTool('ip', [
        ...['link', 'add', device, 'netns', namespace, 'type', 'veth'],
        ...['peer', 'name', there, 'netns', this.#switch],
      ])
    }
    await runTool('ip', ['-n', this.#switch, 'link', 'set', there, 'master', 'br0', 'up'])
    await setUp(namespace, device, `${address}/16`)
    if (upMbit !== undefined) await limitEgress(namespace, device, upMbit)
    if (downMbit !== undefined) await limitEgress(this.#switch, there, downMbit)
  }
}

/** What `ip -j -s link` prints, as far as it is used. */
interface LinkStatistics {
  readonly ifname: string
  readonly stats64: { readonly rx: { readonly bytes: number }; readonly tx: { readonly bytes: number } }
}

/** Name of the switch's port that a host is plugged into. */
function port(index: number): string {
  return `port${index}`
}

async function setUp(namespace: string, device: string, address: string): Promise<void> {
  await runTool('ip', ['-n', namespace, 'addr', 'add', address, 'dev', device])
  await runTool('ip', ['-n', namespace, 'link', 'set', device, 'up'])
}
