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
  /** Region that it is in, see {@link LabNetwork.addRegion}; left out, the middle of the network. */
  readonly region?: string
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

/** The bridge of each switch. */
const BRIDGE = 'br0'

/** Default gateway of all: it leads nowhere, but without a default route Chromium finds no address of its own for WebRTC. */
const GATEWAY = `${NET}.0.1`

const MAX_HOSTS = 200

/** The middle of the network, as the region of those who are in none. */
const MIDDLE = ''

/** A private network behind a NAT; all have the same addresses, as at people's homes. */
const LAN = { router: '192.168.1.1', host: '192.168.1.2' } as const

/** A switch with the hosts of a region. */
interface Region {
  /** Its namespace. */
  readonly switch: string
  /** Third byte of its hosts' addresses: each region has a prefix (/24) of its own. */
  readonly prefix: number
}

/** Where a cable is plugged in. */
interface Port {
  readonly switch: string
  readonly name: string
}

/** Hosts around a switch, or several, each in a network namespace, and nothing else: no packet leaves it. */
export class LabNetwork {
  readonly #namespaces = new Namespaces()
  readonly #delays = new Delays(this.#namespaces)
  readonly #hosts: LabHost[] = []
  #numbers = 0
  readonly #regions = new Map<string, Region>()
  readonly #ports = new Map<string, Port>()

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
      const { switch: middle } = await network.#addSwitch(MIDDLE)
      await runTool('ip', ['-n', middle, 'addr', 'add', `${GATEWAY}/16`, 'dev', BRIDGE])
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
   * Makes a region: a switch of its own, by one line connected to the middle. {@link LabNetwork.traffic} counts what
   * passes that line under the region's name.
   *
   * @param line - of the region: `upMbit` is what leaves it
   */
  async addRegion(name: string, line: Pick<LinkOptions, 'upMbit' | 'downMbit' | 'delayMs'>): Promise<void> {
    this.#check(name)
    const region = await this.#addSwitch(name)
    await this.#plugIn(region.switch, 'line', name, { ...line, region: MIDDLE })
    await runTool('ip', ['-n', region.switch, 'link', 'set', 'line', 'master', BRIDGE, 'up'])
  }

  /**
   * Connects a host.
   *
   * @param name - lower-case letters, digits and dashes; becomes a part of its namespace's name
   */
  async addHost(name: string, link: LinkOptions = {}): Promise<LabHost> {
    this.#check(name)
    // Before anything is waited for: two that are added at once would have one address.
    const number = ++this.#numbers
    if (number > MAX_HOSTS) throw new RangeError(`A network has at most ${MAX_HOSTS} hosts`)
    const { prefix } = this.#region(link)
    const publicAddress = `${NET}.${prefix}.${number}`
    const namespace = await this.#namespaces.add(name)
    const address = link.nat === undefined ? publicAddress : LAN.host
    const host = new LabHost({ name, namespace, address, upMbit: link.upMbit })
    this.#hosts.push(host)
    if (link.nat === undefined) {
      await this.#plugIn(namespace, 'eth0', name, link)
      await setUp(namespace, 'eth0', `${publicAddress}/16`)
      await runTool('ip', ['-n', namespace, 'route', 'add', 'default', 'via', GATEWAY])
      return host
    }
    const router = await this.#namespaces.add(`${name}-router`)
    await this.#plugIn(router, 'wan', name, link)
    await setUp(router, 'wan', `${publicAddress}/16`)
    await runTool('ip', ['-n', router, 'route', 'add', 'default', 'via', GATEWAY])
    await runTool('ip', [
      ...['link', 'add', 'eth0', 'netns', namespace, 'type', 'veth'],
      ...['peer', 'name', 'lan', 'netns', router],
    ])
    await setUp(router, 'lan', `${LAN.router}/24`)
    await setUp(namespace, 'eth0', `${LAN.host}/24`)
    await runTool('ip', ['-n', namespace, 'route', 'add', 'default', 'via', LAN.router])
    await setUpNat(router, link.nat, LAN.host)
    return host
  }

  /** Bytes of each host's link, and of each region's line, so far: counted by the switches. */
  async traffic(): Promise<ReadonlyMap<string, Traffic>> {
    const counted = await Promise.all(
      [...this.#regions.values()].map(async ({ switch: at }) => {
        const printed = await runTool('ip', ['-n', at, '-j', '-s', 'link', 'show'])
        return [at, JSON.parse(printed) as LinkStatistics[]] as const
      }),
    )
    const links = new Map(counted)
    return new Map(
      [...this.#ports].map(([name, port]) => {
        const stats = links.get(port.switch)?.find(({ ifname }) => ifname === port.name)?.stats64
        return [name, { sent: stats?.rx.bytes ?? 0, received: stats?.tx.bytes ?? 0 }]
      }),
    )
  }

  /** Ends every process on the hosts and removes everything. May be called more than once. */
  close(): void {
    this.#namespaces.removeAll()
  }

  #check(name: string): void {
    if (!/^[a-z][a-z0-9-]{0,20}$/.test(name)) throw new RangeError(`Nothing can be named ${JSON.stringify(name)} here`)
    if (this.#ports.has(name)) throw new RangeError(`There is a ${name} already`)
  }

  #region({ region = MIDDLE }: LinkOptions): Region {
    const found = this.#regions.get(region)
    if (found === undefined) throw new RangeError(`There is no region ${JSON.stringify(region)}`)
    return found
  }

  async #addSwitch(region: string): Promise<Region> {
    const namespace = await this.#namespaces.add(region === MIDDLE ? 'switch' : `switch-${region}`)
    await runTool('ip', ['-n', namespace, 'link', 'add', BRIDGE, 'type', 'bridge'])
    await runTool('ip', ['-n', namespace, 'link', 'set', BRIDGE, 'up'])
    const made = { switch: namespace, prefix: this.#regions.size + 1 }
    this.#regions.set(region, made)
    return made
  }

  /** Lays a cable from a new device to a port of a switch. */
  async #plugIn(namespace: string, device: string, name: string, link: LinkOptions): Promise<void> {
    const { upMbit, downMbit, delayMs = 0 } = link
    const { switch: at } = this.#region(link)
    const there = `port${this.#ports.size + 1}`
    this.#ports.set(name, { switch: at, name: there })
    if (delayMs > 0) {
      await this.#delays.connect({ namespace, device }, { namespace: at, device: there }, delayMs)
    } else {
      await runTool('ip', [
        ...['link', 'add', device, 'netns', namespace, 'type', 'veth'],
        ...['peer', 'name', there, 'netns', at],
      ])
    }
    await runTool('ip', ['-n', at, 'link', 'set', there, 'master', BRIDGE, 'up'])
    if (upMbit !== undefined) await limitEgress(namespace, device, upMbit)
    if (downMbit !== undefined) await limitEgress(at, there, downMbit)
  }
}

/** What `ip -j -s link` prints, as far as it is used. */
interface LinkStatistics {
  readonly ifname: string
  readonly stats64: { readonly rx: { readonly bytes: number }; readonly tx: { readonly bytes: number } }
}

async function setUp(namespace: string, device: string, address: string): Promise<void> {
  await runTool('ip', ['-n', namespace, 'addr', 'add', address, 'dev', device])
  await runTool('ip', ['-n', namespace, 'link', 'set', device, 'up'])
}
