import { describeFailure } from './failure.ts'
import type { Terminal } from './terminal.ts'

/** Waits between tries of what failed: the first, and the longest; each is twice the one before. */
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 30_000

/**
 * Failures that may pass with no change in the folder: a relay that restarts, blocks that it collected meanwhile, a
 * file that is written to right now.
 */
const PASSING: ReadonlySet<unknown> = new Set(['unavailable', 'timeout', 'changed', 'incomplete'])

/** What {@link keepPublished} works with. */
export interface KeepPublishedComponents {
  /** Tells of each change in the folder. */
  readonly changes: AsyncGenerator<string>
  /**
   * Publishes what the folder holds now.
   *
   * @param again - nothing has changed since it was tried last
   * @returns what the relays that did not take it failed with
   */
  readonly publish: (again: boolean) => Promise<readonly unknown[]>
  readonly terminal: Pick<Terminal, 'note' | 'warn'>
  /** Resolves after a time, or rejects when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Options of {@link keepPublished}. */
export interface KeepPublishedInit {
  readonly signal: AbortSignal
  /** What the relays that did not take the folder as it was at the beginning failed with. */
  readonly failed: readonly unknown[]
}

/**
 * Publishes a folder again whenever it changes, until the signal is aborted.
 * What a relay could not take is tried again, at longer and longer intervals,
 * until it is there: the folder as it is by then. What it refuses, as long as
 * the folder is as it is, waits for a change.
 */
export async function keepPublished(components: KeepPublishedComponents, init: KeepPublishedInit): Promise<void> {
  const { changes, publish, terminal } = components
  const { signal } = init
  const ask = (): Promise<IteratorResult<string, unknown>> => {
    const next = changes.next()
    // It may fail while something is published; it is awaited after that.
    next.catch(() => undefined)
    return next
  }
  let next = ask()
  let tries = init.failed.some(isPassing) ? 1 : 0
  let said: string | undefined
  for (;;) {
    const change = await nextOccasion(next, tries, components, signal)
    if (change?.done === true) return
    if (change !== undefined) next = ask()
    try {
      const failed = await publish(change === undefined)
      const goesOn = failed.some(isPassing)
      if (!goesOn && tries > 0)
        terminal.note(
          failed.length === 0
            ? 'Caught up: every relay has what the folder holds now.'
            : 'Caught up: every relay has what the folder holds now, but those that refuse it.',
        )
      tries = goesOn ? tries + 1 : 0
      said = undefined
    } catch (error) {
      if (signal.aborted) return
      const why = describeFailure(error)
      const passes = isPassing(error)
      tries = passes ? tries + 1 : 0
      if (why !== said || change !== undefined)
        terminal.warn(
          `not published: ${why}\n  ${passes ? 'It is tried again until it is.' : 'It is tried again at the next change.'}`,
        )
      said = why
    }
  }
}

/** The next change; undefined when it is time to try again before there is one. */
async function nextOccasion(
  next: Promise<IteratorResult<string, unknown>>,
  tries: number,
  { wait }: KeepPublishedComponents,
  signal: AbortSignal,
): Promise<IteratorResult<string, unknown> | undefined> {
  if (tries === 0) return await next
  const over = new AbortController()
  const ms = Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LONGEST_RETRY_MS)
  const retry = wait(ms, AbortSignal.any([signal, over.signal])).catch(() => undefined)
  try {
    return await Promise.race([next, retry.then(() => undefined)])
  } finally {
    over.abort()
  }
}

function isPassing(error: unknown): boolean {
  const { name, reason, cause } = (error ?? {}) as { name?: unknown; reason?: unknown; cause?: unknown }
  // All relays failed, each with its own: one that may pass is reason enough.
  if (cause instanceof AggregateError) return cause.errors.some(isPassing)
  // Asked too often is a limit that time lifts, and no other is.
  return name === 'RateError' || PASSING.has(reason)
}
