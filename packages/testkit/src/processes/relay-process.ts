import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningCommand, startCommand } from './command.ts'
import { Metrics } from './metrics.ts'

/** Options of {@link startRelay}. */
export interface RelayProcessOptions {
  /** Folder for the state; default: a new temporary one, removed by `stop`. */
  readonly data?: string
  /** Default: any free one. */
  readonly port?: number
  /** Further arguments of `blackhole relay`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Until a relay answers on a loaded machine; it takes about a second otherwise. */
const READY_TIMEOUT_MS = 60_000

/** Until a relay that was asked to stop is stopped for good. */
const STOP_TIMEOUT_MS = 20_000

/** Characters of the log that are kept for error messages. */
const MAX_LOG_CHARS = 200_000

/** Starts `blackhole relay` and waits until it answers 200 under `/healthz`. */
export async function startRelay(options: RelayProcessOptions = {}): Promise<RelayProcess> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'blackhole-relay-')))
  const relay = new RelayProcess({ ...options, data }, options.data === undefined)
  await relay.start()
  return relay
}

/** A relay in a process of its own, as operators run it. */
export class RelayProcess {
  /** Folder of its state. */
  readonly data: string
  readonly #options: RelayProcessOptions
  readonly #ownsData: boolean
  #child: RunningCommand | undefined
  #url = ''
  #log = ''

  constructor(options: RelayProcessOptions & { data: string }, ownsData: boolean) {
    this.data = options.data
    this.#options = options
    this.#ownsData = ownsData
  }

  /** Origin of the relay without a slash at the end: `http://localhost:8080`. */
  get url(): string {
    return this.#url
  }

  get port(): number {
    return Number(new URL(this.#url).port)
  }

  /** What it wrote to standard error. */
  get log(): string {
    return this.#log
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Origin of a hosted site, with a slash at the end. */
  siteUrl(name: string): string {
    return `http://${name}.localhost:${this.port}/`
  }

  /** Starts it, or starts it again after `kill`: on the port that it had. */
  async start(): Promise<void> {
    const port = this.#url === '' ? (this.#options.port ?? 0) : this.port
    const args = ['relay', '--port', String(port), '--data', this.data, '--json', ...(this.#options.args ?? [])]
    const child = startCommand(args, this.#options.env === undefined ? {} : { env: this.#options.env })
    this.#child = child
    child.stderr.on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-MAX_LOG_CHARS)
    })
    this.#url = (await this.#ready(child)).replace(/\/$/, '')
    const health = await fetch(`${this.#url}/healthz`)
    if (health.status !== 200) throw new Error(`The relay says it is ready, but /healthz says ${health.status}`)
  }

  /** Tells the relay to serve content or not to; records, tokens, tracker and scripts go on. */
  async serveContent(serving: boolean): Promise<void> {
    const token = (await readFile(join(this.data, 'admin-token'), 'utf8')).trim()
    const response = await fetch(`${this.#url}/.blackhole/api/v1/admin/content`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ serving }),
    })
    if (!response.ok) throw new Error(`The relay refused: ${response.status} ${await response.text()}`)
  }

  async metrics(): Promise<Metrics> {
    const response = await fetch(`${this.#url}/metrics`)
    if (!response.ok) throw new Error(`The relay gave no metrics: ${response.status}`)
    return new Metrics(await response.text())
  }

  /** Stops it as an operator does; returns its exit code. Removes its state when that was temporary. */
  async stop(): Promise<number> {
    const code = await this.#end('SIGTERM')
    if (this.#ownsData) await rm(this.data, { recursive: true, force: true })
    return code
  }

  /** Ends it as a power cut does (`kill -9`); its state stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined) return 0
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? 128
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    const code = await new Promise<number>((resolve) => {
      child.once('exit', (exitCode) => {
        resolve(exitCode ?? 128)
      })
      child.kill(signal)
    })
    clearTimeout(timer)
    return code
  }

  /** Waits for the line of JSON that says where the relay is. */
  #ready(child: RunningCommand): Promise<string> {
    return new Promise((resolve, reject) => {
      let output = ''
      const fail = (reason: string) => {
        clearTimeout(timer)
        child.kill('SIGKILL')
        reject(new Error(`The relay ${reason}\n${output}\n${this.#log}`))
      }
      const timer = setTimeout(() => {
        fail(`was not ready after ${READY_TIMEOUT_MS} ms`)
      }, READY_TIMEOUT_MS)
      child.once('error', (error) => {
        fail(error.message)
      })
      child.once('close', (code) => {
        fail(`ended with ${code ?? 'a signal'}`)
      })
      child.stdout.on('data', (text: string) => {
        output = (output + text).slice(-MAX_LOG_CHARS)
        const url = output
          .split('\n')
          .slice(0, -1)
          .map(urlOf)
          .find((found) => found !== undefined)
        if (url === undefined) return
        clearTimeout(timer)
        child.removeAllListeners('close')
        resolve(url)
      })
    })
  }
}

function urlOf(line: string): string | undefined {
  try {
    const { url } = JSON.parse(line) as { url?: unknown }
    return typeof url === 'string' ? url : undefined
  } catch {
    return undefined
  }
}
