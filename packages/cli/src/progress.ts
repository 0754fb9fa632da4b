import { formatBytes, formatCount } from './format.ts'
import type { Terminal } from './terminal.ts'

/** Shortest time between two drawings: a terminal is slower than the work. */
const DRAW_INTERVAL_MS = 80

/** How far some work is. */
export interface ProgressState {
  /** What is being done: `Reading`, `Uploading`. */
  readonly label: string
  readonly doneBytes: number
  /** Undefined while it is not known. */
  readonly totalBytes?: number | undefined
  readonly done?: number | undefined
  readonly total?: number | undefined
  /** What is counted: `files`, `pieces`. */
  readonly noun?: string | undefined
}

/** A bar at the bottom of the window that shows how far the work is. Silent when nobody watches. */
export class Progress {
  readonly #terminal: Terminal
  readonly #now: () => number
  #drawnAt = Number.NEGATIVE_INFINITY

  /** @param now - milliseconds; only differences count */
  constructor(terminal: Terminal, now: () => number) {
    this.#terminal = terminal
    this.#now = now
  }

  /** Shows this state, at most every {@link DRAW_INTERVAL_MS}. */
  update(state: ProgressState): void {
    if (!this.#terminal.interactive || this.#now() - this.#drawnAt < DRAW_INTERVAL_MS) return
    this.#drawnAt = this.#now()
    this.#terminal.transient(formatProgress(state, this.#terminal.columns))
  }

  /** Removes the bar. */
  end(): void {
    this.#terminal.clear()
    this.#drawnAt = Number.NEGATIVE_INFINITY
  }
}

/** The bar as one line no wider than the window. */
export function formatProgress(state: ProgressState, columns: number): string {
  const bytes =
    state.totalBytes === undefined
      ? formatBytes(state.doneBytes)
      : `${formatBytes(state.doneBytes)} of ${formatBytes(state.totalBytes)}`
  const count =
    state.done === undefined
      ? ''
      : `, ${formatCount(state.done)}${state.total === undefined ? '' : ` of ${formatCount(state.total)}`} ${state.noun ?? ''}`
  const words = `${bytes}${count}`.trimEnd()
  const room = Math.min(30, columns - state.label.length - words.length - 5)
  if (state.totalBytes === undefined || state.totalBytes === 0 || room < 5)
    return `${state.label}  ${words}`.slice(0, columns - 1)
  const filled = Math.round(room * Math.min(1, state.doneBytes / state.totalBytes))
  return `${state.label} ${'█'.repeat(filled)}${'░'.repeat(room - filled)} ${words}`
}
