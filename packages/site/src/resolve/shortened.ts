/** Longest part of a rules file that a message repeats: gateways show it to whoever asks for a path. */
const MAX_SHOWN = 100

/** The beginning of a text that a message repeats; all of it when it is short. */
export function shortened(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
