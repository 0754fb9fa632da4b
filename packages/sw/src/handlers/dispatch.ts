import { refusal } from './refuse.ts'
import type { Handler, SiteRequest } from './handler.ts'

/**
 * Asks the handlers that can handle a request, in order, until one answers.
 *
 * @returns undefined when the first of them is `bypass`: the browser is not interfered with
 */
export function dispatch(handlers: readonly Handler[], request: SiteRequest): Promise<Response> | undefined {
  const able = handlers.filter((handler) => handler.canHandle(request))
  if (able.length === 0 || able[0]?.name === 'bypass') return undefined
  return ask(able, request)
}

async function ask(handlers: readonly Handler[], request: SiteRequest): Promise<Response> {
  try {
    for (const handler of handlers) {
      const response = await handler.handle(request)
      if (response !== undefined) return response
    }
  } catch (error) {
    // Whoever asked has gone, and gets nothing either way; Firefox reports a rejection as a broken worker.
    if (!request.request.signal.aborted) throw error
  }
  return refusal(request)
}
