/** Longest text of one error; a chain of causes may be long. */
const MAX_TEXT = 4_000

/** Causes of causes that are told. */
const MAX_CAUSES = 5

/**
 * Tells a developer of errors, as text. A browser keeps what is logged, a thousand messages and the objects in them, with
 * developer tools closed too, and an error holds on to what threw it (V8 keeps the receivers of a stack that nobody has
 * read): the error of a visitor who left kept its stream, its connection, and all that listened to it.
 *
 * @param say - of the console
 */
export function errorLog(say: (text: string) => void): (what: string, error: unknown) => void {
  return (what, error) => {
    say(`Blackhole: ${what}: ${errorText(error)}`)
  }
}

/** An error with its stack and causes, or the event that brought it. At most 4,000 characters. */
export function errorText(error: unknown): string {
  const texts: string[] = []
  for (let next = error; next !== undefined && texts.length <= MAX_CAUSES; next = causeOf(next))
    texts.push(textOf(next))
  return texts.join('\ncaused by ').slice(0, MAX_TEXT)
}

function textOf(error: unknown): string {
  if (error instanceof Event) return `${error.type} event`
  // Stacks of Firefox don't begin with the message.
  if (error instanceof Error)
    return error.stack?.includes(error.message) === true ? error.stack : `${String(error)}\n${error.stack ?? ''}`
  return String(error)
}

/** What an error came from; libp2p's streams reject with the event of their end, which has the error. */
function causeOf(error: unknown): unknown {
  if (error instanceof Event) return (error as { readonly error?: unknown }).error ?? undefined
  return error instanceof Error ? (error.cause ?? undefined) : undefined
}
