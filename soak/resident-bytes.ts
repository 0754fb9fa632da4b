import { readFile } from 'node:fs/promises'

/**
 * Resident memory of processes together that is not mapped from files, in bytes (`RssAnon`, proc(5)); those that are
 * gone count nothing. Linux only.
 */
export async function anonymousBytes(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '')
      return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
