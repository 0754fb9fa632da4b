import type { PreloadedRecord } from './preloaded-record.ts'

/**
 * What the small script that starts a worker hands to the whole one: the
 * browser's events, which only a script that runs at once may listen for.
 */
export interface WorkerEvents {
  install(event: ExtendableEvent): void
  activate(event: ExtendableEvent): void
  message(event: ExtendableMessageEvent): void
  fetch(event: FetchEvent): void
  /**
   * Answers a request that was taken already.
   *
   * @param at - when the event came
   * @param preloaded - the site's record, as the browser asked for it
   */
  answer(event: FetchEvent, at: number, preloaded: Promise<PreloadedRecord>): Promise<Response>
  /** A navigation was answered without the whole worker. */
  answered(event: FetchEvent, answer: { readonly root: string; readonly bytes: number }): Promise<void>
}

/** Name of the global at which the whole script finds who started it. */
export const START_GLOBAL = 'blackholeStart'

/** The global: the whole script puts itself there, unless it has nothing to do. */
export interface StartedWorker {
  events: WorkerEvents | undefined
}
