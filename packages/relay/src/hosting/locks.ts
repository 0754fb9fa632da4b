/** Runs work of one key one after another; different keys don't wait for each other. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<undefined>>()

  /** Runs `work` when all earlier work of this key has ended, well or not. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#tails.set(key, promise)
    try {
      await before
      return await work()
    } finally {
      resolve(undefined)
      if (this.#tails.get(key) === promise) this.#tails.delete(key)
    }
  }
}
