import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import type { ChildProcess } from 'node:child_process'
import type { LabHost } from '../network/lab-host.ts'
import type { FirefoxAnswer, FirefoxCommand } from './firefox-driver.ts'
import type { LabBrowserOptions, LabTab, LabVisitor } from './lab-browser.ts'

/** Until a Firefox is up, on a machine that runs many browsers. */
const START_TIMEOUT_MS = 90_000

/** Until it has ended. */
const CLOSE_TIMEOUT_MS = 15_000

/**
 * Starts a Firefox on a host. Its driver talks to it by a port of the host's own loopback, so a process there drives
 * it. Firefox has no rules for names as Chromium has, so the process sees a hosts file of its own: a name with `*` is
 * known there by the secure origins that it stands for.
 *
 * @param folder - for what it needs while it runs
 */
export async function openFirefox(
  host: LabHost,
  folder: string,
  { hosts = {}, secureOrigins = [] }: LabBrowserOptions = {},
): Promise<LabVisitor<FirefoxTab>> {
  const secureHosts = secureOrigins.map((origin) => new URL(origin).hostname)
  const names = [...new Set([...secureHosts, ...Object.keys(hosts).filter((name) => !name.includes('*'))])]
  const file = join(folder, `hosts-${host.name}`)
  const lines = names.map((name) => `${addressOf(name, hosts)} ${name}\n`)
  await writeFile(file, `127.0.0.1 localhost\n${lines.join('')}`)
  // `ip netns exec` gives what it runs mounts of its own, which end with it.
  const command = 'mount --bind "$0" /etc/hosts && exec "$@"'
  const program = [
    process.execPath,
    join(import.meta.dirname, 'firefox-driver.ts'),
    JSON.stringify({ names, secureHosts }),
  ]
  const driver = host.spawn('sh', ['-c', command, file, ...program], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const tab = new FirefoxTab(host, driver)
  try {
    await tab.ready(START_TIMEOUT_MS)
  } catch (error) {
    driver.kill('SIGKILL')
    throw error
  }
  return { host, visitor: tab, close: () => tab.close() }
}

/** A tab of a Firefox in another network. */
export class FirefoxTab implements LabTab {
  readonly browser = 'firefox'
  readonly #driver: ChildProcess
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #ended: Promise<void>
  #last = 0

  constructor(host: LabHost, driver: ChildProcess) {
    this.#driver = driver
    // The answer 0 says that it is ready.
    this.#waiting.set(0, Promise.withResolvers())
    driver.on('message', (message) => {
      const { id, value, error } = message as FirefoxAnswer
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(value)
      else waiting?.reject(new Error(`Firefox on ${host.name}: ${error}`))
    })
    this.#ended = once(driver, 'exit').then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`Firefox ended on ${host.name}`))
      this.#waiting.clear()
    })
  }

  async ready(timeoutMs: number): Promise<void> {
    await this.#within(timeoutMs, this.#waiting.get(0)?.promise)
  }

  /** Runs a function in every page that is opened from now on, before its own scripts. */
  async prepare(fn: () => void): Promise<void> {
    await this.#ask('prepare', fn.toString())
  }

  async goto(url: string, { timeoutMs = 30_000 }: { timeoutMs?: number } = {}): Promise<number> {
    return (await this.#ask('goto', url, timeoutMs)) as number
  }

  async evaluate<R, A>(fn: (arg: A) => R | Promise<R>, arg?: A): Promise<R> {
    return (await this.#ask('evaluate', `(${fn.toString()})(${arg === undefined ? '' : JSON.stringify(arg)})`)) as R
  }

  async waitFor(fn: () => unknown, { timeoutMs = 15_000 }: { timeoutMs?: number } = {}): Promise<void> {
    await this.#ask('waitFor', `(${fn.toString()})()`, timeoutMs)
  }

  /** Ends the browser. */
  async close(): Promise<void> {
    if (this.#driver.exitCode !== null || this.#driver.signalCode !== null) return
    // Without its channel the driver ends, and the browser before it.
    this.#driver.disconnect()
    await this.#within(CLOSE_TIMEOUT_MS, this.#ended).catch(() => this.#driver.kill('SIGKILL'))
  }

  async #ask(method: FirefoxCommand['method'], text: string, timeoutMs?: number): Promise<unknown> {
    const id = ++this.#last
    const answer = Promise.withResolvers<unknown>()
    this.#waiting.set(id, answer)
    this.#driver.send({ id, method, text, ...(timeoutMs === undefined ? {} : { timeoutMs }) } satisfies FirefoxCommand)
    return await answer.promise
  }

  async #within<T>(timeoutMs: number, waited: Promise<T> | undefined): Promise<T | undefined> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      late.reject(new Error(`Firefox took longer than ${timeoutMs} ms`))
    }, timeoutMs)
    try {
      return await Promise.race([waited, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** The address of a name by what browsers were told. @throws {RangeError} when it has none */
function addressOf(name: string, hosts: Readonly<Record<string, string>>): string {
  const address = hosts[name] ?? hosts[name.replace(/^[^.]+/, '*')]
  if (address === undefined) throw new RangeError(`There is no address of ${name}`)
  return address
}
