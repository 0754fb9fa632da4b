import type { VisitorReport } from '@blackhole/protocol'
import type { Counters, SiteState } from '@blackhole/site'
import { isAborted, sleep } from '../sleep.ts'

/** What a {@link VisitorReporter} works with. */
export interface VisitorReporterComponents {
  readonly state: Pick<SiteState, 'setting' | 'setSetting'>
  readonly counters: () => Promise<Counters>
  /** How long this page took to load, in ms; undefined while it loads. */
  readonly loadMs: () => number | undefined
  readonly send: (report: VisitorReport, options: { readonly signal?: AbortSignal | undefined }) => Promise<void>
  readonly onError: (what: string, error: unknown) => void
}

/** Soon enough that a short visit counts, and late enough that its page has loaded. */
const FIRST_MS = 5_000

/** Charts have steps of 10 s; more often would tell an observer of the relay when somebody clicked. */
const EVERY_MS = 60_000

/** Setting of the origin: what was reported of its counters so far. */
const REPORTED = 'reported'

const COUNTED = ['peers', 'http', 'local'] as const

/** Tells a relay from time to time how many bytes came from where, for its operator's charts, and how long the page took. */
export class VisitorReporter {
  readonly #components: VisitorReporterComponents
  #toldLoad = false

  constructor(components: VisitorReporterComponents) {
    this.#components = components
  }

  /** Reports until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    for (let wait = FIRST_MS; !signal.aborted; wait = EVERY_MS) {
      await sleep(wait, { signal }).catch(() => undefined)
      if (isAborted(signal)) return
      await this.report({ signal }).catch((error: unknown) => {
        this.#components.onError('the report', error)
      })
    }
  }

  /** Reports what was counted since the last report; says nothing when that is nothing. */
  async report(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { state, counters, loadMs, send } = this.#components
    const [told, now] = await Promise.all([this.#told(), counters()])
    const load = this.#toldLoad ? undefined : loadMs()
    const [peers, http, local] = COUNTED.map((name, index) => Math.max(0, now[name] - (told[index] ?? 0)))
    if (!peers && !http && !local && load === undefined) return
    await send(
      { peers: peers ?? 0, http: http ?? 0, local: local ?? 0, ...(load === undefined ? {} : { loadMs: load }) },
      options,
    )
    this.#toldLoad ||= load !== undefined
    await state.setSetting(REPORTED, COUNTED.map((name) => now[name]).join(' '))
  }

  async #told(): Promise<number[]> {
    const text = await this.#components.state.setting(REPORTED)
    return typeof text === 'string' ? text.split(' ').map(Number) : []
  }
}
