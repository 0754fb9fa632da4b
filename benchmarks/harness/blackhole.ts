import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ChildProcess } from 'node:child_process'

const COMMAND = join(import.meta.dirname, '../../packages/cli/bin/blackhole.js')

/** A relay that is slower to start than this does not start. */
const START_TIMEOUT_MS = 60_000

/** What `blackhole publish --json` prints, as far as it is used here. */
export interface Published {
  readonly name: string
  readonly url: string
  readonly files: number
  readonly bytes: number
}

/** A running `blackhole relay`, in a process of its own as an operator runs it. */
export interface RelayProcess {
  readonly url: string
  publish(folder: string): Promise<Published>
  /** Stops serving content, so that what a visitor gets can only come from another visitor. */
  stopServingContent(): Promise<void>
  /** Bytes of content that the relay has sent, by transport. */
  contentBytes(): Promise<{ readonly http: number; readonly p2p: number }>
  close(): Promise<void>
}

/**
 * Starts a relay with its state in a temporary folder.
 *
 * @param flags - further command line flags of `blackhole relay`
 */
export async function startRelay(flags: readonly string[] = []): Promise<RelayProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'blackhole-bench-'))
  const data = join(folder, 'relay')
  const env = { ...process.env, BLACKHOLE_HOME: join(folder, 'home') }
  const child = spawn(
    process.execPath,
    [COMMAND, 'relay', '--json', '--data', data, '--log-level', 'error', ...flags],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
    },
  )
  const { url } = JSON.parse(await firstLine(child)) as { url: string }
  return {
    url,
    publish: async (site) => {
      const flagsOfPublish = ['--relay', url, '--key', join(folder, 'site.key'), '--json']
      const publish = spawn(process.execPath, [COMMAND, 'publish', site, ...flagsOfPublish], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env,
      })
      return JSON.parse(await firstLine(publish)) as Published
    },
    stopServingContent: async () => {
      const token = (await readFile(join(data, 'admin-token'), 'utf8')).trim()
      const response = await fetch(`${url}/.blackhole/api/v1/admin/content`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ serving: false }),
      })
      if (!response.ok) throw new Error(`The relay answered ${String(response.status)}: ${await response.text()}`)
    },
    contentBytes: async () => {
      const text = await (await fetch(`${url}/metrics`)).text()
      const counter = (transport: string): number =>
        Number(
          new RegExp(`^blackhole_content_bytes_total\\{transport="${transport}"\\} (\\S+)$`, 'm').exec(text)?.[1] ?? 0,
        )
      return { http: counter('http'), p2p: counter('p2p') }
    },
    close: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The first line that a program prints; when it ends without one, that is the error. */
async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('The program has no standard output')
  const lines = createInterface({ input: child.stdout })
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  try {
    for await (const line of lines) return line
    const [code] = child.exitCode === null ? ((await once(child, 'exit')) as [number | null]) : [child.exitCode]
    throw new Error(`${child.spawnargs.slice(1, 3).join(' ')} ended with ${String(code)} and printed nothing`)
  } finally {
    clearTimeout(timer)
    lines.close()
    child.stdout.resume()
  }
}
