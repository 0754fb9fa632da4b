/** A client that the browser doesn't list is kept for so long. */
export const CLIENT_GRACE_MS = 10 * 60 * 1000

/** Which version each open page uses, kept across the worker's deaths. */
export interface ClientRoots {
  /** Root CID that a client uses. */
  get(clientId: string): Promise<string | undefined>
  /** A client uses this version until it navigates. */
  set(clientId: string, root: string): Promise<void>
  /** Forgets clients that are none of these, unless they are {@link CLIENT_GRACE_MS} old or less: a page that is being loaded is not listed yet. */
  keepOnly(clientIds: ReadonlySet<string>): Promise<void>
  /** Forgets everything. */
  clear(): Promise<void>
}

/** {@link ClientRoots} for as long as the worker lives: tests, and private windows without IndexedDB. */
export class MemoryClientRoots implements ClientRoots {
  readonly #roots = new Map<string, { root: string; at: number }>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  get(clientId: string): Promise<string | undefined> {
    return Promise.resolve(this.#roots.get(clientId)?.root)
  }

  set(clientId: string, root: string): Promise<void> {
    this.#roots.set(clientId, { root, at: this.#now() })
    return Promise.resolve()
  }

  keepOnly(clientIds: ReadonlySet<string>): Promise<void> {
    for (const [id, { at }] of this.#roots) {
      if (!clientIds.has(id) && at < this.#now() - CLIENT_GRACE_MS) this.#roots.delete(id)
    }
    return Promise.resolve()
  }

  clear(): Promise<void> {
    this.#roots.clear()
    return Promise.resolve()
  }
}
