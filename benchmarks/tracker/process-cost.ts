import { readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second (`USER_HZ`, proc(5)). */
const SECONDS_PER_TICK = 0.01

/** Seconds of a core that a process has used so far. Linux only: `NaN` elsewhere. */
export function cpuSecondsOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * SECONDS_PER_TICK
  } catch {
    return Number.NaN
  }
}

/** Memory in bytes that a process has resident. Linux only: `NaN` elsewhere. */
export function residentBytesOf(pid: number): number {
  try {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]
    return found === undefined ? Number.NaN : Number(found) * 1024
  } catch {
    return Number.NaN
  }
}
