/** The command line is wrong: exit code 2. The message names the option or operand. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** A reason to stop that the user can act on: exit code 1. */
export class CommandError extends Error {
  override name = 'CommandError'
}

/** Exit codes, part of the contract with programs. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const

/** Longest chain of causes that is shown: further ones are noise. */
const MAX_CAUSES = 3

/**
 * Says why something failed, for standard error: the message, and the causes
 * that add something to it.
 */
export function describeFailure(error: unknown): string {
  const lines: string[] = []
  let current: unknown = error
  for (let depth = 0; depth <= MAX_CAUSES && current !== undefined; depth++) {
    const message = messageOf(current)
    if (message !== '' && !lines.some((line) => line.includes(message))) lines.push(message)
    current = current instanceof Error ? current.cause : undefined
  }
  return lines.join('\n  because: ')
}

/** Whether the error (or what caused it) is an abort. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error as { reason?: unknown }).reason === 'aborted')
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) {
    const messages = (error.errors as unknown[]).map(messageOf)
    return [error.message, ...new Set(messages)].filter((text) => text !== '').join('; ')
  }
  if (error instanceof Error) {
    const code = (error as { code?: unknown }).code
    return error.message === '' && typeof code === 'string' ? code : error.message
  }
  return String(error)
}
