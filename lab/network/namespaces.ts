import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import process from 'node:process'
import { runTool, toolPath } from './ip.ts'

/** All names begin with it, the id of the process that made them follows. */
const PREFIX = 'bhlab'

/** Where `ip netns` keeps the names. */
const NAMES = '/run/netns'

/** What ends the process while namespaces exist, and its exit code by the shell's custom. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/**
 * The network namespaces of one run. Their names hold the process's id and
 * chance, so that runs never meet; they are gone, and every process in them,
 * after {@link Namespaces.removeAll}, and also when the process ends or is
 * interrupted before. What a run left that was killed with SIGKILL, the next
 * run removes.
 */
export class Namespaces {
  readonly #run = `${PREFIX}-${process.pid}-${randomBytes(2).toString('hex')}`
  readonly #names: string[] = []
  readonly #onExit = () => {
    this.#removeNow()
  }
  readonly #onSignal = (signal: keyof typeof SIGNALS) => {
    this.#removeNow()
    process.exit(SIGNALS[signal])
  }

  constructor() {
    removeAbandoned()
    process.once('exit', this.#onExit)
    for (const signal of Object.keys(SIGNALS)) process.once(signal, this.#onSignal)
  }

  /**
   * Makes a namespace with loopback up and without IPv6.
   *
   * @returns its name for `ip netns`
   */
  async add(name: string): Promise<string> {
    const full = `${this.#run}-${name}`
    this.#names.push(full)
    await runTool('ip', ['netns', 'add', full])
    await runTool('ip', ['-n', full, 'link', 'set', 'lo', 'up'])
    await setKernel(full, 'net/ipv6/conf/all/disable_ipv6', 1)
    await setKernel(full, 'net/ipv6/conf/default/disable_ipv6', 1)
    return full
  }

  /** Ends every process in the namespaces and removes them. May be called more than once. */
  removeAll(): void {
    process.off('exit', this.#onExit)
    for (const signal of Object.keys(SIGNALS)) process.off(signal, this.#onSignal)
    this.#removeNow()
  }

  #removeNow(): void {
    remove(this.#names.splice(0))
  }
}

/** Sets a parameter of the kernel (`/proc/sys`) in a namespace. */
export async function setKernel(namespace: string, path: string, value: number): Promise<void> {
  await runTool('ip', ['netns', 'exec', namespace, 'sh', '-c', `echo ${value} > /proc/sys/${path}`])
}

/** The namespaces of the laboratory that exist now, of all runs. */
export function existingNamespaces(): string[] {
  try {
    return readdirSync(NAMES).filter((name) => name.startsWith(`${PREFIX}-`))
  } catch {
    return []
  }
}

/** Removes namespaces whose process is no more. */
function removeAbandoned(): void {
  remove(existingNamespaces().filter((name) => !isAlive(Number(name.split('-')[1]))))
}

/** Waits for each step, since it must be over when the process is: whoever interrupts waits a moment. */
function remove(names: readonly string[]): void {
  const ip = toolPath('ip') ?? 'ip'
  for (const name of names) {
    const { stdout } = spawnSync(ip, ['netns', 'pids', name], { encoding: 'utf8' })
    for (const pid of stdout.split('\n').filter((line) => line !== '')) kill(Number(pid))
  }
  for (const name of names) spawnSync(ip, ['netns', 'del', name])
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended in the meantime.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
