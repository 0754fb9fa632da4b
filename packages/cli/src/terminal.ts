import { styleText } from 'node:util'

/** Names of colours that Node knows. */
type Color = Parameters<typeof styleText>[0]

/** A stream that text is written to; `process.stdout` is one. */
export interface TextStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** What {@link Terminal} works with. */
export interface TerminalComponents {
  readonly stdout: TextStream
  readonly stderr: TextStream
}

/** Options of {@link Terminal}. */
export interface TerminalInit {
  /** Programs read standard output: it gets JSON alone. */
  readonly json: boolean
}

/**
 * Where a command's words go: results to standard output, everything else to
 * standard error, so that output can be piped.
 */
export class Terminal {
  readonly json: boolean
  readonly #stdout: TextStream
  readonly #stderr: TextStream
  #transient = false

  constructor(components: TerminalComponents, init: TerminalInit) {
    this.#stdout = components.stdout
    this.#stderr = components.stderr
    this.json = init.json
  }

  /** Whether a person watches standard error: progress is drawn only then. */
  get interactive(): boolean {
    return this.#stderr.isTTY === true
  }

  /** Width of the person's window in characters; 80 when there is none. */
  get columns(): number {
    return this.#stderr.columns ?? 80
  }

  /** The outcome: the object as one line of JSON, or the text for people. */
  result(value: object, text: string): void {
    this.clear()
    this.#stdout.write(`${this.json ? JSON.stringify(value) : text}\n`)
  }

  /** Something to know that is not the outcome. */
  note(text: string): void {
    this.clear()
    this.#stderr.write(`${text}\n`)
  }

  /** Something that may be wrong. */
  warn(text: string): void {
    this.note(`${this.paint('yellow', 'warning:')} ${text}`)
  }

  /** Replaces the line at the bottom of the window; does nothing when nobody watches. */
  transient(line: string): void {
    if (!this.interactive) return
    this.#stderr.write(`\r\u001B[K${line}`)
    this.#transient = true
  }

  /** Removes the line that {@link Terminal.transient} drew. */
  clear(): void {
    if (!this.#transient) return
    this.#stderr.write('\r\u001B[K')
    this.#transient = false
  }

  /** Colours text for standard error, unless it is no terminal or `NO_COLOR` is set. */
  paint(color: Color, text: string): string {
    return styleText(color, text, { stream: this.#stderr })
  }
}
