import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import process from 'node:process'
import { findProgram, whyNoPrograms } from '@blackhole/benchmarks/programs'
import type { FindProgram } from '@blackhole/benchmarks/programs'

/** Longest that one command of the network's set-up may take; they take milliseconds. */
const COMMAND_TIMEOUT_MS = 20_000

/** Most that one command may print. */
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024

/** The programs that a network is made with, and Debian's packages of them. */
const TOOLS = { ip: 'iproute2', tc: 'iproute2', nft: 'nftables' } as const

/** A program that makes networks. */
export type Tool = keyof typeof TOOLS

/**
 * Runs one of the tools to its end.
 *
 * @param input - for its standard input
 * @returns what it printed
 * @throws with what it complained of, when it fails or takes longer than 20 s
 */
export async function runTool(tool: Tool, args: readonly string[], input = ''): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = execFile(
      toolPath(tool) ?? tool,
      args,
      { timeout: COMMAND_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new Error(`${tool} ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }))
      },
    )
    // A tool that failed before it read says why itself.
    child.stdin?.on('error', () => undefined).end(input)
  })
}

/** Where a tool lies; undefined when it is not installed. */
export function toolPath(tool: Tool): string | undefined {
  return findProgram(tool)
}

/**
 * Whether networks can be made here. `NO_LAB` in the environment says no.
 *
 * @param find - where programs are. Default: looks for them
 * @returns undefined when they can, else the reason in a sentence
 */
export async function whyNoNetworks(find: FindProgram = findProgram): Promise<string | undefined> {
  if ((process.env['NO_LAB'] ?? '') !== '') return 'NO_LAB is set'
  if (process.platform !== 'linux') return `network namespaces are Linux's, and this is ${process.platform}`
  const missing = whyNoPrograms(TOOLS, find)
  if (missing !== undefined) return missing
  if (process.getuid?.() !== 0) return 'network namespaces can be made by root only'
  // Several networks may be made at once.
  const probe = `bhlab-${process.pid}-${randomBytes(2).toString('hex')}-probe`
  try {
    await runTool('ip', ['netns', 'add', probe])
    await runTool('ip', ['-n', probe, 'link', 'add', 'x', 'type', 'bridge'])
    await runTool('ip', ['netns', 'exec', probe, toolPath('nft') ?? 'nft', 'add', 'table', 'ip', 'x'])
    return undefined
  } catch (error) {
    return `network namespaces can't be made here: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    await runTool('ip', ['netns', 'del', probe]).catch(() => undefined)
  }
}
