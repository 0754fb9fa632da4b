import type { Reason, WireError } from '@blackhole/protocol'

/** By what an error is about: parts of an address that a visitor typed or followed. */
const SUBJECTS: Readonly<Record<string, string>> = Object.freeze({
  'site name':
    'The name of the site in it is not complete, or has a letter wrong. Names of sites are long and begin with k51. Check the link, or ask whoever gave it to you.',
  cid: 'The part that says which content is meant is not complete, or has a letter wrong. Check the link, or ask whoever gave it to you.',
  path: 'There is a sign in it that cannot be read. Check the link, or ask whoever gave it to you.',
})

const REASONS: Readonly<Partial<Record<Reason, string>>> = Object.freeze({
  missing: 'This relay does not have what this address names. It may have moved, or it was never here.',
  timeout: 'What this address names did not come in time. Try again in a moment.',
  unavailable: 'This relay cannot answer right now. Try again in a moment.',
  corrupt: 'Part of this page is damaged where it is stored. Publishing the site again mends it.',
})

/** Why an address leads nowhere, for visitors; undefined when the error's own message has to do. */
export function sentenceOf({ reason, subject }: Pick<WireError, 'reason' | 'subject'>): string | undefined {
  return (reason === 'invalid' ? SUBJECTS[subject ?? ''] : undefined) ?? REASONS[reason]
}
