import { openBrowser } from '../hosts/lab-browser.ts'
import { type FirefoxTab, openFirefox } from '../hosts/lab-firefox.ts'
import { LabNetwork, type LinkOptions } from '../network/lab-network.ts'
import type { LabTab, LabVisitor } from '../hosts/lab-browser.ts'
import type { LabHost } from '../network/lab-host.ts'
import type { SiteFiles } from '../systems/site-files.ts'
import type { Deployment, System } from '../systems/system.ts'

/** Bytes that left lines, by the name of host or region. */
export type Sent = (name: string) => number

/** A system on a network of its own, and visitors who come one after the other. */
export class Gathering {
  readonly network: LabNetwork
  readonly origin: LabHost
  readonly #folder: string
  readonly #visitors: LabVisitor<LabTab>[] = []
  #deployment: Deployment | undefined

  private constructor(network: LabNetwork, origin: LabHost, folder: string) {
    this.network = network
    this.origin = origin
    this.#folder = folder
  }

  /**
   * Makes a network with the system's origin, lets the work be done with it, and removes all of it, however the work
   * ends.
   *
   * @param line - of the origin, which is the host `origin`
   */
  static async run<T>(
    { system, site, folder, line }: { system: System; site: SiteFiles; folder: string; line: LinkOptions },
    work: (gathering: Gathering) => Promise<T>,
  ): Promise<T> {
    const network = await LabNetwork.create()
    let gathering: Gathering | undefined
    try {
      gathering = new Gathering(network, await network.addHost('origin', line), folder)
      gathering.#deployment = await system.deploy({ origin: gathering.origin, site, folder })
      return await work(gathering)
    } finally {
      await Promise.all(gathering?.visitors.map((visitor) => visitor.close().catch(() => undefined)) ?? [])
      network.close()
    }
  }

  /** Everyone who has come, in their order. */
  get visitors(): readonly LabVisitor<LabTab>[] {
    return this.#visitors
  }

  /** What visitors open. */
  get url(): string {
    return this.#up().url
  }

  /** Publishes the next version, with one text file more. @throws when the system has no versions */
  async publish(path: string, text: string): Promise<void> {
    const { publish } = this.#up()
    if (publish === undefined) throw new Error('This system has no versions')
    await publish(path, text)
  }

  /** Someone with a Chromium, on a new host; their page is empty. */
  async come(name: string, link: LinkOptions): Promise<LabVisitor> {
    return this.#came(await openBrowser(await this.network.addHost(name, link), this.#folder, this.#up().browser))
  }

  /** Someone with a Firefox, on a new host; their page is empty. */
  async comeWithFirefox(name: string, link: LinkOptions): Promise<LabVisitor<FirefoxTab>> {
    return this.#came(await openFirefox(await this.network.addHost(name, link), this.#folder, this.#up().browser))
  }

  /** Counts what leaves each line while something is done. */
  async counting<T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly sent: Sent; readonly received: Sent }> {
    const before = await this.network.traffic()
    const result = await work()
    const after = await this.network.traffic()
    return {
      result,
      sent: (name) => (after.get(name)?.sent ?? Number.NaN) - (before.get(name)?.sent ?? 0),
      received: (name) => (after.get(name)?.received ?? Number.NaN) - (before.get(name)?.received ?? 0),
    }
  }

  #came<V extends LabVisitor<LabTab>>(visitor: V): V {
    this.#visitors.push(visitor)
    return visitor
  }

  #up(): Deployment {
    if (this.#deployment === undefined) throw new Error('The system is not up yet')
    return this.#deployment
  }
}
