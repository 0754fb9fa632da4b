/**
 * What went wrong, for people.
 *
 * @param relay - where was published to
 */
export function explainError(error: unknown, relay: string): string {
  if (!(error instanceof Error)) return String(error)
  // What `fetch` throws when nothing answers: the browser says no more than that.
  const isSilent = 'reason' in error && error.reason === 'unavailable' && error.cause instanceof TypeError
  return isSilent ? `The relay at ${relay} can't be reached. Is it running?` : error.message
}
