import { sleep } from '../sleep.ts'
import type { SiteVersions } from './site-versions.ts'

/** A manifest that nobody had is asked for again after this, doubled each time up to the most, or when woken. */
const RETRY_MS = 200
const MAX_WAIT_MS = 10_000

/** Loads the manifest of the newest record as soon as anyone has it, again and again until the signal is aborted. */
export class ManifestLoader {
  readonly #versions: SiteVersions
  readonly #onError: (what: string, error: unknown) => void
  #woken = new AbortController()

  constructor(components: { versions: SiteVersions; onError: (what: string, error: unknown) => void }) {
    this.#versions = components.versions
    this.#onError = components.onError
  }

  /** A record or a peer has come: try now. */
  wake(): void {
    this.#woken.abort()
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#versions.restore()
    for (let failures = 0; !signal.aborted;) {
      this.#woken = new AbortController()
      const woken = AbortSignal.any([signal, this.#woken.signal])
      try {
        if (this.#versions.newest?.root !== this.#versions.current?.record.root) await this.#versions.load()
        failures = 0
      } catch (error) {
        failures++
        this.#onError('the manifest', error)
      }
      const wait = failures === 0 ? MAX_WAIT_MS : Math.min(RETRY_MS * 2 ** failures, MAX_WAIT_MS)
      await sleep(wait, { signal: woken }).catch(() => undefined)
    }
  }
}
