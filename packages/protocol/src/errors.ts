/**
 * Errors that cross package, port or network boundaries. They are matched by
 * `name` and `reason`, never by `instanceof`, which fails between realms.
 */

/** Why something failed, in a word that programs can rely on. */
export type Reason =
  | 'aborted'
  | 'banned'
  | 'changed'
  | 'conflict'
  | 'corrupt'
  | 'expired'
  | 'forbidden'
  | 'full'
  | 'incomplete'
  | 'invalid'
  | 'limit'
  | 'missing'
  | 'stale'
  | 'timeout'
  | 'unavailable'
  | 'unsupported'

/** The form of an error as data: on a port, in JSON of the relay, in a log line. */
export interface WireError {
  readonly name: string
  readonly reason: Reason
  readonly message: string
  /** What the message is about: a field, a CID, a path. */
  readonly subject?: string
}

/** Options of {@link BlackholeError}. */
export interface BlackholeErrorOptions extends ErrorOptions {
  /** What the message is about: a field, a CID, a path. */
  subject?: string | undefined
}

/** Base of every error of ours. The message says what is wrong and what to do about it. */
export class BlackholeError extends Error {
  override name = 'BlackholeError'
  readonly reason: Reason
  readonly subject: string | undefined

  constructor(reason: Reason, message: string, options: BlackholeErrorOptions = {}) {
    super(message, options)
    this.reason = reason
    this.subject = options.subject
  }
}

/** A value from outside (a peer, a file, an option) is not what it must be. */
export class ValidationError extends BlackholeError {
  override name = 'ValidationError'

  /**
   * @param field - the field or option that is wrong, as its owner would name it
   * @param expected - what it must be, bound included
   * @param value - what it was; shortened in the message
   */
  constructor(field: string, expected: string, value?: unknown, options: ErrorOptions = {}) {
    const shown = value === undefined ? '' : `, got ${show(value)}`
    super('invalid', `${field} must be ${expected}${shown}`, { ...options, subject: field })
  }
}

/** A bound was passed: too large, too many, too often. */
export class LimitError extends BlackholeError {
  override name = 'LimitError'

  constructor(field: string, limit: number, value: number, options: ErrorOptions = {}) {
    super('limit', `${field} is ${String(value)}, more than the ${String(limit)} allowed`, {
      ...options,
      subject: field,
    })
  }
}

/** Bytes that don't hash to their CID. */
export class CorruptBlockError extends BlackholeError {
  override name = 'CorruptBlockError'

  constructor(cid: string, source: string, options: ErrorOptions = {}) {
    super('corrupt', `The bytes that ${source} sent for ${cid} do not hash to it`, {
      ...options,
      subject: cid,
    })
  }
}

/** Content that nobody who was asked has. */
export class NotFoundError extends BlackholeError {
  override name = 'NotFoundError'

  constructor(what: string, options: ErrorOptions = {}) {
    super('missing', `${what} was not found`, { ...options, subject: what })
  }
}

/** A deadline passed. */
export class DeadlineError extends BlackholeError {
  override name = 'DeadlineError'

  constructor(what: string, timeoutMs: number, options: ErrorOptions = {}) {
    super('timeout', `${what} took longer than ${String(timeoutMs)} ms`, options)
  }
}

/** A site record that must not be used: older, expired, or not signed by the site's key. */
export class RecordError extends BlackholeError {
  override name = 'RecordError'
}

/** A token that doesn't authorise what it was shown for. */
export class TokenError extends BlackholeError {
  override name = 'TokenError'
}

const REASONS: ReadonlySet<string> = new Set<Reason>([
  'aborted',
  'banned',
  'changed',
  'conflict',
  'corrupt',
  'expired',
  'forbidden',
  'full',
  'incomplete',
  'invalid',
  'limit',
  'missing',
  'stale',
  'timeout',
  'unavailable',
  'unsupported',
])

/** Makes the wire form of anything that was thrown. Foreign errors become `unavailable`. */
export function errorToWire(error: unknown): WireError {
  if (error instanceof Error) {
    const { reason, subject } = error as { reason?: unknown; subject?: unknown }
    return {
      name: error.name,
      reason: isReason(reason) ? reason : error.name === 'AbortError' ? 'aborted' : 'unavailable',
      message: error.message.slice(0, MAX_WIRE_MESSAGE),
      ...(typeof subject === 'string' ? { subject: subject.slice(0, MAX_WIRE_MESSAGE) } : {}),
    }
  }
  return { name: 'Error', reason: 'unavailable', message: String(error).slice(0, MAX_WIRE_MESSAGE) }
}

/** Reads the wire form of an error that came from outside; what is not one becomes a plain `unavailable`. */
export function errorFromWire(value: unknown): BlackholeError {
  const wire = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const error = new BlackholeError(
    isReason(wire['reason']) ? wire['reason'] : 'unavailable',
    typeof wire['message'] === 'string'
      ? wire['message'].slice(0, MAX_WIRE_MESSAGE)
      : 'The other side reported an error that it did not describe',
    { subject: typeof wire['subject'] === 'string' ? wire['subject'].slice(0, MAX_WIRE_MESSAGE) : undefined },
  )
  if (typeof wire['name'] === 'string' && /^[A-Z]\w{0,40}$/.test(wire['name'])) error.name = wire['name']
  return error
}

/** Longest message that is passed on: an error must not become a way to fill a log. */
const MAX_WIRE_MESSAGE = 500

function isReason(value: unknown): value is Reason {
  return typeof value === 'string' && REASONS.has(value)
}

/** Longest value that a message repeats. */
const MAX_SHOWN = 80

/**
 * A value as a message shows it. It came from outside: turning an object into text would call its `toString`, which
 * need not be a function, and reads lists to any depth and length.
 */
function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${String(value.length)}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'function' || typeof value === 'bigint') return `a ${typeof value}`
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_SHOWN + 1)) : String(value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
