/** A body that could not be delivered to its end. */
export interface BrokenBody {
  /** URL of the request. */
  readonly url: string
  /** Bytes that were delivered. */
  readonly delivered: number
  /** Bytes that the head promised; NaN when it promised no number. */
  readonly promised: number
  readonly error: unknown
}

/**
 * Tells the developer in the worker's console why a response broke off. The page hears only
 * "network error": the platform passes on no reason through a response.
 */
export function reportBrokenBody({ url, delivered, promised, error }: BrokenBody): void {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'No reason was given'
  const of = Number.isNaN(promised) ? '' : ` of ${String(promised)}`
  console.error(`Blackhole: the response for ${url} broke off after ${String(delivered)}${of} bytes. ${reason}`)
}
