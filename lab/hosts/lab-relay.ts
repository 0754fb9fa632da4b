import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { COMMAND, Metrics } from '@blackhole/testkit'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import type { LabHost } from '../network/lab-host.ts'

/** The relay's port for HTTP and WebSocket. */
const PORT = 8080

/** Names of hosted sites end with it; browsers get its address by {@link LabRelay.hosts}. */
const SITE_HOST = 'site.lab'

/** Until a relay answers, or a command ends, on a machine that runs many browsers. */
const TIMEOUT_MS = 60_000

/** A site that a lab's relay hosts. */
export interface LabSite {
  /** `k51…` */
  readonly name: string
  /** Web origin, without a slash at the end. */
  readonly origin: string
  /** Publishes a folder as the site's next version, to the relay that made the site or to another of its federation. */
  publish(folder: string, relay?: LabRelay): Promise<void>
  /** Publishes a folder, and again whenever it changes; it ends with the network. Resolves after the first time. */
  publishChanges(folder: string): Promise<void>
}

/** A relay on a host of the laboratory, run by the `blackhole` command as operators do. */
export class LabRelay {
  readonly host: LabHost
  readonly #folder: string
  #process: ChildProcess | undefined

  private constructor(host: LabHost, folder: string) {
    this.host = host
    this.#folder = folder
  }

  /**
   * Starts the relay; it ends with the network.
   *
   * @param folder - for its state and the keys of its sites
   */
  static async start(host: LabHost, folder: string, args: readonly string[] = []): Promise<LabRelay> {
    await mkdir(folder, { recursive: true })
    const relay = new LabRelay(host, folder)
    const child = host.spawn(
      process.execPath,
      [
        ...[COMMAND, 'relay', '--json', '--host', '0.0.0.0', '--port', String(PORT), '--data', join(folder, 'relay')],
        ...['--public-url', relay.url, '--site-host', `${SITE_HOST}:${PORT}`, '--log-level', 'error'],
        // Its operator knows what its line carries.
        ...(host.upMbit === undefined ? [] : ['--uplink-mbit', String(host.upMbit)]),
        ...args,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const stop = new AbortController()
    try {
      // Its first line says that it is ready.
      await Promise.race([
        child.stdout === null
          ? undefined
          : once(child.stdout, 'data', { signal: AbortSignal.any([stop.signal, AbortSignal.timeout(TIMEOUT_MS)]) }),
        once(child, 'exit', { signal: stop.signal }).then(() => {
          throw new Error(`The relay ended on ${host.name} before it was ready`)
        }),
      ])
    } finally {
      stop.abort()
    }
    child.stdout?.resume()
    relay.#process = child
    return relay
  }

  /** Ends the relay as a power cut would. Its host stays. */
  async kill(): Promise<void> {
    const child = this.#process
    if (child?.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Where it is, for everyone. */
  get url(): string {
    return `http://${this.host.address}:${PORT}`
  }

  /** What browsers must know to find the sites. */
  get hosts(): Readonly<Record<string, string>> {
    return { [`*.${SITE_HOST}`]: this.host.address, [this.host.address]: this.host.address }
  }

  /** Makes a key; its site is there once it is published. */
  async createSite(): Promise<LabSite> {
    const key = join(this.#folder, `site-${process.hrtime.bigint()}.pem`)
    const { name } = JSON.parse(await this.#command(['key', 'create', key, '--json'])) as { name: string }
    return {
      name,
      origin: `http://${name}.${SITE_HOST}:${PORT}`,
      publish: async (folder, relay = this) => {
        await this.#command(['publish', folder, '--relay', relay.url, '--key', key, '--json'])
      },
      publishChanges: async (folder) => {
        const child = this.#spawn(['publish', folder, '--relay', this.url, '--key', key, '--json', '--watch'], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const stop = new AbortController()
        const { signal } = stop
        await Promise.race([
          once(child.stdout ?? child, 'data', { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) }),
          once(child, 'exit', { signal }).then(() => {
            throw new Error('blackhole publish --watch ended')
          }),
        ]).finally(() => stop.abort())
        child.stdout?.resume()
      },
    }
  }

  /** What the relay counts. */
  async metrics(): Promise<Metrics> {
    return new Metrics(await this.host.run(async (url: string) => (await fetch(url)).text(), `${this.url}/metrics`))
  }

  #spawn(args: readonly string[], options: SpawnOptions): ChildProcess {
    const env = { ...process.env, NO_COLOR: '1', BLACKHOLE_HOME: join(this.#folder, 'home') }
    return this.host.spawn(process.execPath, [COMMAND, ...args], { ...options, env })
  }

  /** Runs `blackhole` on the relay's host, so that it costs the link nothing. */
  async #command(args: readonly string[]): Promise<string> {
    const child = this.#spawn(args, { timeout: TIMEOUT_MS })
    let output = ''
    let complaints = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints += text))
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new Error(`blackhole ${args[0] ?? ''} ended with ${code ?? 'a signal'}\n${complaints}`)
    return output
  }
}
