import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second (`USER_HZ`, proc(5)). */
const MS_PER_TICK = 10

/**
 * CPU time in ms that the children of this process, browsers and relays, have
 * used so far, all their threads together. Unlike throughput it hardly depends
 * on what else the machine does. `NaN` where there is no `/proc`.
 */
export function childrenCpuMs(): number {
  const processes = new Map<number, { parent: number; ticks: number }>()
  for (const entry of readFolder('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const fields = readStat(entry)
    if (fields !== undefined) {
      processes.set(Number(entry), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) })
    }
  }
  if (processes.size === 0) return Number.NaN
  const isChild = (pid: number): boolean => {
    for (let at = processes.get(pid)?.parent ?? 0; at > 1; at = processes.get(at)?.parent ?? 0) {
      if (at === process.pid) return true
    }
    return false
  }
  let ticks = 0
  for (const [pid, { ticks: own }] of processes) if (isChild(pid)) ticks += own
  return ticks * MS_PER_TICK
}

/** Fields of `/proc/PID/stat` from the state on; the name before it may hold anything. */
function readStat(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function readFolder(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
