/** Counts responses that are being streamed, and says when there begin to be any and when there are none left. */
export class StreamCount {
  readonly #onChange: (busy: boolean) => void
  #streams = 0

  constructor(onChange: (busy: boolean) => void) {
    this.#onChange = onChange
  }

  /** Whether any response is being streamed. */
  get busy(): boolean {
    return this.#streams > 0
  }

  /** A response is being streamed until the promise settles. */
  add(until: Promise<unknown>): void {
    if (this.#streams++ === 0) this.#onChange(true)
    const done = (): void => {
      if (--this.#streams === 0) this.#onChange(false)
    }
    until.then(done, done)
  }
}
