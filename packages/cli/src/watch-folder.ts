import { watch } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** Quiet time after a change before it is told: a build writes many files. */
const SETTLE_MS = 300

/** Changes in these are no changes of the site. */
const IGNORED = /(^|[/\\])(node_modules|\.git)([/\\]|$)/

/**
 * Tells of changes in a folder and everything below, once after each burst of
 * them, until the signal is aborted.
 *
 * @returns the path, inside the folder, of the file whose change ended the burst
 */
export async function* watchFolder(folder: string, { signal }: { signal: AbortSignal }): AsyncGenerator<string> {
  try {
    const changes = changesOf(folder, signal)
    let next = changes.next()
    for (let latest = await next; latest.done !== true; latest = await next) {
      next = changes.next()
      for (let settled = false; !settled;) {
        settled = await Promise.race([next.then(() => false), wait(SETTLE_MS, true, { signal })])
        if (settled) continue
        const following = await next
        if (following.done === true) return
        latest = following
        next = changes.next()
      }
      yield latest.value
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function* changesOf(folder: string, signal: AbortSignal): AsyncGenerator<string, undefined> {
  for await (const { filename } of watch(folder, { recursive: true, signal })) {
    if (filename === null || !IGNORED.test(filename)) yield filename ?? folder
  }
}
