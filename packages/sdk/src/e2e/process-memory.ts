import { readdir, readFile, writeFile } from 'node:fs/promises'

/** A process of a browser. */
export interface BrowserProcess {
  readonly pid: number
  /** `browser`, `renderer`, `utility`, … */
  readonly type: string
}

/** Resident memory of a process in bytes. */
export interface ProcessMemory {
  readonly now: number
  /** Most since it was last reset: the kernel counts, so that nothing between two looks is missed. */
  readonly peak: number
}

/** The processes of the Chromium that has its profile in a folder. Linux: reads `/proc`. */
export async function processesOf(profile: string): Promise<BrowserProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(pids.map(async (pid) => await describe(pid)))
  const all = found.filter((process) => process !== undefined)
  const chosen = new Set(
    all.filter(({ command }) => command.includes(`--user-data-dir=${profile}`)).map(({ pid }) => pid),
  )
  // Renderers are forked by helpers that don't repeat the folder.
  for (let size = -1; size !== chosen.size;) {
    size = chosen.size
    for (const { pid, parent } of all) if (chosen.has(parent)) chosen.add(pid)
  }
  return all
    .filter(({ pid }) => chosen.has(pid))
    .map(({ pid, command }) => ({
      pid,
      type: command.find((word) => word.startsWith('--type='))?.slice('--type='.length) ?? 'browser',
    }))
}

/** Counts the peak of a process anew from now on (proc(5), `clear_refs`). */
export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${String(pid)}/clear_refs`, '5')
}

export async function memoryOf(pid: number): Promise<ProcessMemory> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8')
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') }
}

async function describe(pid: number): Promise<{ pid: number; parent: number; command: string[] } | undefined> {
  try {
    const [command, stat] = await Promise.all([
      readFile(`/proc/${String(pid)}/cmdline`, 'utf8'),
      readFile(`/proc/${String(pid)}/stat`, 'utf8'),
    ])
    // The name in parentheses may hold anything, spaces included.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    // Processes that Chromium forks write their command lines anew, with spaces.
    return { pid, parent, command: command.split(/[\0 ]/) }
  } catch {
    // It has ended.
    return undefined
  }
}
