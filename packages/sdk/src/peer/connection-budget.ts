/** The part of `Storage` that the budget is kept in. */
export type BudgetStorage = Pick<Storage, 'getItem' | 'setItem'>

/** Options of {@link ConnectionBudget}. */
export interface ConnectionBudgetInit {
  /**
   * `RTCPeerConnection`s that may be spent in a tab's whole life. Chrome allows some 500 and counts those that are
   * closed, reloads included; a hundred are left to the page itself and to visitors who dial this one.
   */
  readonly total: number
  /** One in so many of what is left is wished for at once: a tab that goes from page to page spends less and less. */
  readonly share: number
}

/** Defaults of {@link ConnectionBudgetInit}: twelve connections on a tab's first page, half as many after 22 pages. */
export const CONNECTION_BUDGET: ConnectionBudgetInit = Object.freeze({ total: 400, share: 32 })

/** Key in the tab's `sessionStorage`, which lives as long as the tab and survives reloads, as Chrome's count does. */
const KEY = 'blackhole:connections'

/** How many connections this tab may still make. Kept over reloads where there is a storage, else for this page. */
export class ConnectionBudget {
  readonly #storage: BudgetStorage | undefined
  readonly #init: ConnectionBudgetInit
  #spent: number

  constructor(
    components: { readonly storage?: BudgetStorage | undefined } = {},
    init: Partial<ConnectionBudgetInit> = {},
  ) {
    this.#storage = components.storage
    this.#init = { ...CONNECTION_BUDGET, ...init }
    this.#spent = this.#read()
  }

  /** Connections that may still be made; 0 when there are no more. */
  get left(): number {
    return Math.max(0, this.#init.total - this.#spent)
  }

  /** Whether more than half is left: enough to look for better peers than one has. */
  get isPlenty(): boolean {
    return 2 * this.#spent < this.#init.total
  }

  /** Connections to have at once, of `most` that are wished for. */
  wished(most: number): number {
    return Math.min(most, this.left, Math.ceil(this.left / this.#init.share))
  }

  /** A connection is being made, by us or by another visitor. One that fails is spent as well. */
  spend(): void {
    this.#spent += 1
    try {
      this.#storage?.setItem(KEY, String(this.#spent))
    } catch {
      // A storage that is full or forbidden: the count holds for this page.
    }
  }

  #read(): number {
    try {
      const spent = Number(this.#storage?.getItem(KEY) ?? 0)
      return Number.isSafeInteger(spent) && spent >= 0 ? spent : this.#init.total
    } catch {
      return 0
    }
  }
}
