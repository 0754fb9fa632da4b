import { BlackholeError, errorToWire } from '@blackhole/protocol'
import type { CallOptions, RelayClient } from '../relay-client/relay-client.ts'

/** A relay that did not answer, refused, or answered nonsense, and why. */
export interface FailedRelay {
  readonly url: string
  readonly error: Error
}

/**
 * Asks all relays the same at once. One that fails, however it does, stands in
 * nobody's way: it is listed with what it failed with.
 *
 * @returns answers in the order of the relays, at least one
 * @throws the one relay's error, or one that names all (with the reason that they share, or `unavailable`), when none answers
 */
export async function askRelays<T>(
  clients: readonly RelayClient[],
  ask: (client: RelayClient) => Promise<T>,
  { signal }: CallOptions,
): Promise<{ answers: T[]; failed: FailedRelay[] }> {
  const failed: FailedRelay[] = []
  const asked = await Promise.all(
    clients.map(async (client) => {
      try {
        return [await ask(client)]
      } catch (error) {
        signal?.throwIfAborted()
        failed.push(failedRelay(client, error))
        return []
      }
    }),
  )
  const answers: T[] = []
  for (const answer of asked) answers.push(...answer)
  if (answers.length === 0) throw noneLeft(failed)
  return { answers, failed }
}

/** A relay and what it failed with. */
export function failedRelay({ url }: RelayClient, error: unknown): FailedRelay {
  return { url, error: error instanceof Error ? error : new Error(String(error)) }
}

/**
 * One error for all relays that failed: the only one's own; or one that names
 * all, with the reason that they share or `unavailable`, caused by an
 * `AggregateError` with each relay's.
 */
export function noneLeft(failed: readonly FailedRelay[]): Error {
  const [only, ...others] = failed
  if (only !== undefined && others.length === 0) return only.error
  if (only === undefined) return new BlackholeError('invalid', 'No relay was given; name at least one')
  const errors = failed.map(({ error }) => error)
  const [reason, ...different] = new Set(errors.map((error) => errorToWire(error).reason))
  return new BlackholeError(
    reason === undefined || different.length > 0 ? 'unavailable' : reason,
    `No relay took it: ${errors.map(({ message }) => message).join('; ')}`,
    { cause: new AggregateError(errors, '', { cause: only.error.cause }) },
  )
}
