import type { RelayInfo } from '@blackhole/protocol'
import type { RelayClient } from '../relay-client/relay-client.ts'
import { abortable } from '../sleep.ts'

/** A relay that said that it serves no content is asked again after this: its operator may have turned content on. */
export const ASK_AGAIN_MS = 30_000

interface Asked {
  /** The end of the first try: whoever wants to know waits for no further ones. */
  readonly first: Promise<unknown>
  /** Ends what is asked later. */
  readonly signal: AbortSignal
  /** When it last said that it serves no content; undefined when it serves, or never answered. */
  silentAt?: number | undefined
  again?: Promise<unknown> | undefined
}

/**
 * Remembers which relays only introduce. Asking one of them for blocks would show as failed requests in the visitor's
 * console; who it is it tells at any time.
 */
export class RelaySilence {
  readonly #now: () => number
  readonly #relays = new Map<RelayClient, Asked>()

  constructor(components: { readonly now: () => number }) {
    this.#now = components.now
  }

  /** Asks a relay once who it is, and hears whether it serves content. */
  async ask(client: RelayClient, signal: AbortSignal): Promise<RelayInfo> {
    const answer = client.info({ signal, attempts: 1 }).then((info) => {
      const asked = this.#relays.get(client)
      if (asked !== undefined) asked.silentAt = info.serving ? undefined : this.#now()
      return info
    })
    if (!this.#relays.has(client)) this.#relays.set(client, { first: answer.catch(() => undefined), signal })
    return await answer
  }

  /** Whether a relay serves no content, as it said last. One that is being asked for the first time gets to answer first. */
  async isSilent(client: RelayClient, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<boolean> {
    const asked = this.#relays.get(client)
    if (asked === undefined) return false
    await abortable(asked.first, signal)
    if (asked.silentAt !== undefined && this.#now() - asked.silentAt >= ASK_AGAIN_MS) {
      asked.again ??= this.#askAgain(client, asked)
      await abortable(asked.again, signal)
    }
    return asked.silentAt !== undefined
  }

  async #askAgain(client: RelayClient, asked: Asked): Promise<void> {
    try {
      await this.ask(client, asked.signal)
    } catch {
      // Down, or leaving: what it said stands for another while.
      asked.silentAt = this.#now()
    } finally {
      asked.again = undefined
    }
  }
}
