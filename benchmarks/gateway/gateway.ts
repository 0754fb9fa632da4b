import { spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { publishFolder, startRelay } from '@blackhole/testkit'
import { freePort } from '../harness/free-port.ts'
import { interleave } from '../harness/interleave.ts'
import { findProgram, whyNoPrograms } from '../harness/programs.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import type { ChildProcess } from 'node:child_process'
import type { BenchOptions } from '../harness/options.ts'
import type { FindProgram } from '../harness/programs.ts'
import type { Findings } from '../harness/report.ts'

const DEFAULT_RUNS = 3
const CONNECTIONS = 32
const SECONDS = 5
const FILE = 'file.bin'
const FILE_BYTES = 1024 * 1024

const OURS = 'Blackhole gateway'
const NGINX = 'nginx'
const BARE = 'bare node:http'

/**
 * One file of 1 MiB over 32 connections, from the relay's gateway and from nginx, each with one process (nginx: one
 * worker). A server of Node that does nothing but write one buffer shows what there is to reach.
 */
export async function gateway(options: BenchOptions, find: FindProgram = findProgram): Promise<Findings> {
  const reason = whyNoPrograms({ wrk: 'wrk', nginx: 'nginx' }, find)
  if (reason !== undefined) {
    console.error(`Skipped: ${reason}.`)
    return { rows: [], ratios: [] }
  }
  const folder = await mkdtemp(join(tmpdir(), 'blackhole-gateway-'))
  const site = join(folder, 'site')
  await mkdir(site)
  await writeFile(join(site, FILE), randomFillSync(new Uint8Array(FILE_BYTES)))
  await writeFile(join(site, 'index.html'), '<!doctype html><title>Gateway</title>')
  const relay = await startRelay({ data: join(folder, 'relay'), args: ['--log-level', 'error'] })
  const nginx = await startNginx(folder, site)
  const bare = await startBare(join(site, FILE))
  try {
    const { name } = await publishFolder(site, { relay: relay.url, home: join(folder, 'home') })
    const host = new URL(relay.siteUrl(name)).host
    const results = await interleave(
      [
        { name: OURS, run: () => load(`${relay.url}/${FILE}`, host) },
        { name: NGINX, run: () => load(`http://127.0.0.1:${String(nginx.port)}/${FILE}`, 'localhost') },
        { name: BARE, run: () => load(`http://127.0.0.1:${String(bare.port)}/${FILE}`, 'localhost') },
      ],
      options.runs || DEFAULT_RUNS,
      (contender, round, perSecond) =>
        console.error(`round ${String(round + 1)} ${contender}: ${perSecond.toFixed(0)} requests/s`),
    )
    const rows = [...results].map(([contender, values]) => row(contender, 'requests/s', values))
    return { rows, ratios: [ratio('gateway / nginx', valueOf(rows, OURS) / valueOf(rows, NGINX), '>=', 0.5)] }
  } finally {
    await bare.stop()
    await nginx.stop()
    await relay.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** A server that can be stopped. */
interface Server {
  readonly port: number
  stop(): Promise<void>
}

async function startBare(file: string): Promise<Server> {
  const server = spawn(process.execPath, [join(import.meta.dirname, 'bare-server.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface(server.stdout)) return { port: Number(line), stop: () => ended(server) }
  throw new Error('The bare server ended before it said its port')
}

async function startNginx(folder: string, site: string): Promise<Server> {
  const port = await freePort()
  const config = join(folder, 'nginx.conf')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, 'nginx-temp')};`)
    .join(' ')
  await writeFile(
    config,
    `daemon off; worker_processes 1; pid ${join(folder, 'nginx.pid')}; error_log stderr crit;
events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; ${paths}
  server { listen 127.0.0.1:${String(port)}; root ${site}; } }
`,
  )
  // As who may do all it gives its rights up, and then could not read the folder.
  const user = process.getuid?.() === 0 ? ['-g', 'user root;'] : []
  const server = spawn(findProgram('nginx') ?? 'nginx', ['-c', config, '-e', 'stderr', ...user], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await listening(server, `http://127.0.0.1:${String(port)}/${FILE}`)
  return { port, stop: () => ended(server) }
}

async function listening(server: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    if (server.exitCode !== null) throw new Error(`nginx ended with ${String(server.exitCode)}`)
    if (
      await fetch(url, { method: 'HEAD' }).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return
    if (Date.now() > deadline) throw new Error('nginx does not answer')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function ended(server: ChildProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  server.once('exit', resolve)
  if (!server.kill('SIGTERM')) return
  await promise
}

/** Requests per second, as `wrk` counts them; those that failed make the run fail. */
async function load(url: string, host: string): Promise<number> {
  const args = ['-t1', `-c${String(CONNECTIONS)}`, `-d${String(SECONDS)}s`, '-H', `Host: ${host}`, url]
  const output = await read(findProgram('wrk') ?? 'wrk', args)
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`wrk: some requests failed\n${output}`)
  const found = /Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]
  if (found === undefined) throw new Error(`wrk said something else\n${output}`)
  return Number(found)
}

async function read(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) output += String(chunk)
  return output
}
