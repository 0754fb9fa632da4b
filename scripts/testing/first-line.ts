import { stripVTControlCharacters } from 'node:util'

/** Enough to know an error by; a line of a log that people read. */
const MAX_CHARS = 300

/** What an error says first, in one line without colours. */
export function firstLine(message: string | undefined): string {
  const line = stripVTControlCharacters(message ?? '')
    .split('\n')
    .map((text) => text.trim())
    .find((text) => text !== '')
  return (line ?? 'no reason given').slice(0, MAX_CHARS)
}
