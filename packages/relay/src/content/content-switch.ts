/** Whether the relay serves site content. Turned by the operator while it runs. */
export class ContentSwitch extends EventTarget {
  #serving: boolean

  constructor(serving: boolean) {
    super()
    this.#serving = serving
  }

  get serving(): boolean {
    return this.#serving
  }

  /** Turns it; fires `change` when that changes something. */
  set(serving: boolean): void {
    if (serving === this.#serving) return
    this.#serving = serving
    this.dispatchEvent(new Event('change'))
  }
}
