import { MAX_READY_ANSWERS, MAX_READY_BYTES } from '@blackhole/site'
import type { SiteState } from '@blackhole/site'
import type { SiteVersion } from './version/site-version.ts'

/** The answer to a navigation, before it says where it came from. */
export interface DocumentAnswer {
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Bytes of the published file. */
  readonly bytes: number
  /** What is sent, to be read. */
  body: () => Response
}

/**
 * Keeps whole documents ready for the next start of the worker, which then
 * answers a navigation from one place, with nothing to resolve or to put together.
 */
export class ReadyAnswers {
  readonly #state: Pick<SiteState, 'readyAnswer' | 'putReadyAnswer'>
  /** Root by path, of as many as the state keeps. */
  readonly #kept = new Map<string, string>()

  constructor(state: Pick<SiteState, 'readyAnswer' | 'putReadyAnswer'>) {
    this.#state = state
  }

  /** Keeps an answer, unless it is long, or ready already. Never rejects. */
  async keep({ pathname, search }: URL, { root, manifest }: SiteVersion, answer: DocumentAnswer): Promise<void> {
    const path = pathname + search
    // What is pulled has no versions, and a site that has ended is not come back to.
    if (manifest.retired || manifest.pulled === true || answer.bytes > MAX_READY_BYTES) return
    if (this.#kept.get(path) === root) return
    this.#kept.delete(path)
    this.#kept.set(path, root)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_READY_ANSWERS && oldest !== undefined) this.#kept.delete(oldest)
    const body = answer.body()
    try {
      const bytes = await body.bytes()
      if (bytes.byteLength <= MAX_READY_BYTES)
        await this.#state.putReadyAnswer({ path, root, headers: answer.headers, bytes })
    } catch {
      // It broke off, or there is no room: the next navigation may have more luck.
      this.#kept.delete(path)
    }
  }
}
