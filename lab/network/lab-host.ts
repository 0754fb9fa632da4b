import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import process from 'node:process'
import { toolPath } from './ip.ts'

/** Longest that a function on a host may run when its caller does not say. */
const RUN_TIMEOUT_MS = 60_000

/** Marks the line of the result among what else a function prints. */
const RESULT = '\u0000result '

/** A machine of the laboratory: a network namespace with one network card. */
export interface LabHostInit {
  readonly name: string
  /** Name of its namespace for `ip netns`. */
  readonly namespace: string
  /** Its own IPv4 address; behind a NAT a private one. */
  readonly address: string
  /** What its line carries up, in 10^6 bit/s; undefined for no limit. */
  readonly upMbit?: number | undefined
}

/** A machine of the laboratory, on which programs run. */
export class LabHost {
  readonly name: string
  readonly namespace: string
  readonly address: string
  readonly upMbit: number | undefined

  constructor({ name, namespace, address, upMbit }: LabHostInit) {
    this.name = name
    this.namespace = namespace
    this.address = address
    this.upMbit = upMbit
  }

  /** Command line that runs a program on this host: put it before the program's own. */
  get prefix(): readonly [string, ...string[]] {
    return [toolPath('ip') ?? 'ip', 'netns', 'exec', this.namespace]
  }

  /** Starts a program on this host. It ends with the network at the latest. */
  spawn(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const [ip, ...rest] = this.prefix
    return spawn(ip, [...rest, command, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  }

  /**
   * Runs a function in a Node process on this host, as a page's `evaluate`
   * does: it sees nothing but its argument and Node's globals, and gets
   * modules by `globalThis.process.getBuiltinModule`. Argument and result are JSON.
   *
   * @param timeoutMs - default 60 s
   * @throws what the function throws, as text, and when it takes too long
   */
  async run<A, R>(
    fn: (argument: A) => R | Promise<R>,
    argument: A,
    { timeoutMs = RUN_TIMEOUT_MS }: { timeoutMs?: number } = {},
  ): Promise<R> {
    const code = `const result = await (${fn.toString()})(${JSON.stringify(argument)})
process.stdout.write(${JSON.stringify(`\n${RESULT}`)} + JSON.stringify(result ?? null) + '\\n', () => process.exit(0))`
    const child = this.spawn(process.execPath, ['--input-type=module', '-e', code])
    let output = ''
    let complaints = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints += text))
    return await new Promise<R>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        reject(new Error(`A function on ${this.name} took longer than ${timeoutMs} ms\n${complaints}`))
      }, timeoutMs)
      child.once('error', reject)
      child.once('close', () => {
        clearTimeout(timer)
        const line = output.split('\n').find((candidate) => candidate.startsWith(RESULT))
        if (line === undefined) reject(new Error(`A function on ${this.name} failed\n${complaints}`))
        else resolve(JSON.parse(line.slice(RESULT.length)) as R)
      })
    })
  }
}
