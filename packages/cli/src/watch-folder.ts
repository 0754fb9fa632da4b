import { on } from 'node:events'
import { watch } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** Quiet time after a change before it is told: a build writes many files. */
const SETTLE_MS = 300

/** Changes in these are no changes of the site. */
const IGNORED = /(^|[/\\])(node_modules|\.git)([/\\]|$)/

/**
 * Tells of changes in a folder and everything below, once after each burst of
 * them, until the signal is aborted. It watches from the call on: what changes
 * before the first value is asked for, or while one is worked on, is told then.
 *
 * @returns the path, inside the folder, of the file whose change ended the burst
 */
export function watchFolder(folder: string, { signal }: { signal: AbortSignal }): AsyncGenerator<string> {
  const watcher = watch(folder, { recursive: true })
  const close = (): void => watcher.close()
  if (signal.aborted) close()
  signal.addEventListener('abort', close, { once: true })
  // Listens at once, and keeps what comes while nobody asks.
  const events = on(watcher, 'change', { signal, close: ['close'] })
  return tellBursts(changesOf(events, folder), signal)
}

async function* tellBursts(changes: AsyncGenerator<string, undefined>, signal: AbortSignal): AsyncGenerator<string> {
  const ask = (): Promise<IteratorResult<string, undefined>> => {
    const next = changes.next()
    // It may fail while the caller is busy with the change before; it is awaited after that.
    next.catch(() => undefined)
    return next
  }
  try {
    let next = ask()
    for (let latest = await next; latest.done !== true; latest = await next) {
      next = ask()
      for (let settled = false; !settled;) {
        settled = await Promise.race([next.then(() => false), wait(SETTLE_MS, true, { signal })])
        if (settled) continue
        const following = await next
        if (following.done === true) return
        latest = following
        next = ask()
      }
      yield latest.value
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function* changesOf(events: AsyncIterable<unknown[]>, folder: string): AsyncGenerator<string, undefined> {
  for await (const [, filename] of events) {
    const path = typeof filename === 'string' ? filename : folder
    if (!IGNORED.test(path)) yield path
  }
}
