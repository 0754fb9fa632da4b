import { EventEmitter, on } from 'node:events'
import { statSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** Quiet time after a change before it is told: a build writes many files. */
const SETTLE_MS = 300

/** A build tool may replace the folder itself, of which a watcher is not told. */
const REPLACED_POLL_MS = 1_000

/** Changes in these are no changes of the site. */
const IGNORED = /(^|[/\\])(node_modules|\.git)([/\\]|$)/

/**
 * Tells of changes in a folder and everything below, once after each burst of
 * them, until the signal is aborted. It watches from the call on: what changes
 * before the first value is asked for, or while one is worked on, is told then.
 * A folder that is removed, moved away or replaced is watched again when there
 * is one of its name.
 *
 * @returns the path, inside the folder, of the file whose change ended the burst
 */
export function watchFolder(folder: string, { signal }: { signal: AbortSignal }): AsyncGenerator<string> {
  const watcher = new NameWatcher(folder)
  const close = (): void => watcher.close()
  if (signal.aborted) close()
  signal.addEventListener('abort', close, { once: true })
  // Listens at once, and keeps what comes while nobody asks.
  const events = on(watcher, 'change', { signal, close: ['close'] })
  return tellBursts(changesOf(events, folder), signal)
}

/** Watches whatever folder has a name now: emits `change` with the path inside it, or `''` for the folder itself. */
class NameWatcher extends EventEmitter {
  readonly #folder: string
  readonly #timer: NodeJS.Timeout
  #watcher: FSWatcher | undefined
  /** Which folder is watched; undefined while there is none. */
  #identity: string | undefined

  constructor(folder: string) {
    super()
    this.#folder = folder
    this.#identity = identityOf(folder)
    this.#watch()
    this.#timer = setInterval(() => {
      this.#look()
    }, REPLACED_POLL_MS)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#watcher?.close()
    this.emit('close')
  }

  #look(): void {
    const identity = identityOf(this.#folder)
    if (identity === this.#identity) return
    this.#identity = identity
    this.#watch()
    this.emit('change', '')
  }

  #watch(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    if (this.#identity === undefined) return
    // What is gone again, or is more than the system can watch, is looked for again.
    const failed = (): void => {
      this.#identity = undefined
    }
    try {
      this.#watcher = watch(this.#folder, { recursive: true })
        .on('change', (_event, filename) => this.emit('change', filename.toString()))
        .on('error', failed)
    } catch {
      failed()
    }
  }
}

/** A file system may give the number of a folder that was removed to the next one, so its age belongs to it. */
function identityOf(folder: string): string | undefined {
  try {
    const stats = statSync(folder, { bigint: true, throwIfNoEntry: false })
    return stats === undefined ? undefined : `${String(stats.ino)} ${String(stats.birthtimeNs)}`
  } catch {
    // Not to be read now: as good as not there.
    return undefined
  }
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
  for await (const [filename] of events) {
    const path = typeof filename === 'string' && filename !== '' ? filename : folder
    if (!IGNORED.test(path)) yield path
  }
}
