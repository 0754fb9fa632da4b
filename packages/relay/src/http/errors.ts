import { errorToWire } from '@blackhole/protocol'
import type { Reason, WireError } from '@blackhole/protocol'

/** HTTP status of each reason. */
const STATUS: Readonly<Record<Reason, number>> = Object.freeze({
  aborted: 499,
  banned: 403,
  changed: 409,
  conflict: 409,
  corrupt: 422,
  expired: 401,
  forbidden: 403,
  full: 507,
  incomplete: 422,
  invalid: 400,
  limit: 413,
  missing: 404,
  stale: 409,
  timeout: 504,
  unavailable: 503,
  unsupported: 415,
})

/** What the API says when it can't: the wire form of the error, and the CIDs that a version lacks. */
export interface ErrorBody extends WireError {
  readonly missing?: readonly string[]
}

/**
 * Status and JSON body for anything thrown. What is no error of ours is a
 * fault of the relay: 500, without its message, which may name paths.
 */
export function errorAnswer(error: unknown): { status: number; body: ErrorBody } {
  const wire = errorToWire(error)
  const { reason, missing } = (typeof error === 'object' && error !== null ? error : {}) as {
    reason?: unknown
    missing?: unknown
  }
  if (reason === undefined && wire.reason !== 'aborted') {
    return {
      status: 500,
      body: { name: 'Error', reason: 'unavailable', message: 'The relay failed to answer. Its log says why' },
    }
  }
  const status =
    wire.name === 'RateError'
      ? 429
      : wire.name === 'RecordError' && wire.reason === 'expired'
        ? 422
        : STATUS[wire.reason]
  return { status, body: Array.isArray(missing) ? { ...wire, missing: missing as string[] } : wire }
}

/** The error as a JSON response. */
export function errorResponse(error: unknown, headers: Record<string, string> = {}): Response {
  const { status, body } = errorAnswer(error)
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    },
  })
}
