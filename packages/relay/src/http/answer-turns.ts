import type { ServerResponse } from 'node:http'
import { MAX_ANSWERS, MAX_WAITING, MAX_WAITING_PER_ADDRESS, WAITING_MS } from '../limits.ts'
import { CORS_HEADERS } from './cors.ts'

/** Options of {@link AnswerTurns}. */
export interface AnswerTurnsInit {
  /** Answers under way per address. */
  readonly maxPerAddress: number
  /** Answers under way in all. Default {@link MAX_ANSWERS}. */
  readonly maxAnswers?: number | undefined
  /** Requests that wait, per address. Default {@link MAX_WAITING_PER_ADDRESS}. */
  readonly maxWaitingPerAddress?: number | undefined
  /** Default {@link WAITING_MS}. */
  readonly waitingMs?: number | undefined
}

interface Waiting {
  readonly response: ServerResponse
  /** Leaves the queue, and begins the answer. */
  readonly begin: () => void
}

/** Answers of one address. */
interface Address {
  underWay: number
  readonly waiting: Set<Waiting>
}

/**
 * Lets so many answers per address be under way at once. An answer under way
 * holds a piece of content until its reader takes it; a request that waits
 * holds next to nothing. So a crowd behind one address is served in turn, and
 * only who keeps its answers from ending is refused: 429, or 503 when the
 * relay as a whole has too many.
 */
export class AnswerTurns {
  readonly #init: Required<{ [K in keyof AnswerTurnsInit]: number }>
  readonly #addresses = new Map<string, Address>()
  #underWay = 0
  #waiting = 0
  #refused = 0

  constructor(init: AnswerTurnsInit) {
    this.#init = {
      maxPerAddress: init.maxPerAddress,
      maxAnswers: init.maxAnswers ?? MAX_ANSWERS,
      maxWaitingPerAddress: init.maxWaitingPerAddress ?? MAX_WAITING_PER_ADDRESS,
      waitingMs: init.waitingMs ?? WAITING_MS,
    }
  }

  /** Requests that were refused. */
  get refused(): number {
    return this.#refused
  }

  /**
   * Calls `answer` now or when it is the turn of this request; its turn ends when the response closes.
   *
   * @param key - whose answers are counted together
   */
  take(key: string, response: ServerResponse, answer: () => void): void {
    if (this.#underWay >= this.#init.maxAnswers) {
      this.#refuse(response, 503)
      return
    }
    const address = this.#addresses.get(key) ?? { underWay: 0, waiting: new Set<Waiting>() }
    this.#addresses.set(key, address)
    if (address.underWay < this.#init.maxPerAddress) this.#begin(key, address, response, answer)
    else this.#wait(key, address, response, answer)
  }

  #begin(key: string, address: Address, response: ServerResponse, answer: () => void): void {
    address.underWay += 1
    this.#underWay += 1
    response.once('close', () => {
      address.underWay -= 1
      this.#underWay -= 1
      const [next] = address.waiting
      if (next !== undefined) next.begin()
      else if (address.underWay === 0) this.#addresses.delete(key)
    })
    answer()
  }

  #wait(key: string, address: Address, response: ServerResponse, answer: () => void): void {
    if (address.waiting.size >= this.#init.maxWaitingPerAddress || this.#waiting >= MAX_WAITING) {
      this.#refuse(response, 429)
      return
    }
    const leave = (): void => {
      clearTimeout(timer)
      response.off('close', leave)
      if (address.waiting.delete(waiting)) this.#waiting -= 1
    }
    const timer = setTimeout(() => {
      leave()
      this.#refuse(response, 429)
    }, this.#init.waitingMs)
    const waiting: Waiting = {
      response,
      begin: () => {
        leave()
        this.#begin(key, address, response, answer)
      },
    }
    address.waiting.add(waiting)
    this.#waiting += 1
    response.once('close', leave)
  }

  /** 429 and not 503 where it is this address's doing: a client then knows that the relay is well. */
  #refuse(response: ServerResponse, status: 429 | 503): void {
    this.#refused += 1
    const headers = { ...CORS_HEADERS, 'Retry-After': '1', 'Cache-Control': 'no-store', Connection: 'close' }
    response.writeHead(status, headers).end()
  }
}
