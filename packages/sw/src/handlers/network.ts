import type { WorkerConfig } from '../config.ts'
import { labelled } from '../response/source-headers.ts'
import type { Handler } from './handler.ts'

/** What the network handler works with. */
export interface NetworkComponents {
  fetch: (request: Request) => Promise<Response>
  now: () => number
  readonly config: Pick<WorkerConfig, 'mode'>
}

/**
 * The origin's own answer, untouched but for the headers that say so. On a
 * hosted site nothing else answers than the relay, so a failure is passed on
 * to be explained; an origin's failure is its own.
 */
export function networkHandler({ fetch, now, config }: NetworkComponents): Handler {
  return {
    name: 'network',
    canHandle: () => true,
    async handle({ request }) {
      const began = now()
      try {
        return labelled(request, await fetch(request), 'http', now() - began)
      } catch (error) {
        if (config.mode === 'tag' || request.signal.aborted) throw error
        return undefined
      }
    },
  }
}
