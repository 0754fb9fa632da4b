import type { EventQueue, ScheduledEvent } from './event-queue.ts'

/** Something on its way. */
export interface Transfer {
  readonly bytes: number
  /** It has arrived. */
  readonly done: () => void
}

/** A host's own line. Bytes per millisecond; `Infinity` for a line that is never the limit. */
export class Line {
  readonly up: number
  readonly down: number
  /** Flows that are sending now. */
  readonly sending = new Set<Flow>()
  readonly receiving = new Set<Flow>()

  constructor(up: number, down: number) {
    this.up = up
    this.down = down
  }
}

/** What one host sends another, one transfer after the other. */
export class Flow {
  readonly from: Line
  readonly to: Line
  /** The first is on its way. */
  readonly queue: Transfer[] = []
  /** Bytes of the first transfer that have yet to come, at `at`. */
  left = 0
  /** Bytes per millisecond. */
  rate = 0
  at = 0
  due: ScheduledEvent | undefined

  constructor(from: Line, to: Line) {
    this.from = from
    this.to = to
  }
}

/** Less than this is rounding. */
const EPSILON_BYTES = 1e-3

/**
 * Shares lines among flows as if data were a fluid: a line divides equally among the flows that use it, and a flow is
 * as fast as the smaller of its two shares (Bharambe, Herley, Padmanabhan, "Analyzing and Improving a BitTorrent
 * Network's Performance Mechanisms", INFOCOM 2006, section III). What a flow can't use of its share
 * is not given to others: a little pessimistic, and the reason that a change reaches neighbours only.
 */
export class FluidLinks {
  readonly #events: EventQueue

  constructor(events: EventQueue) {
    this.#events = events
  }

  /** Sends after what the flow has to send already. */
  send(flow: Flow, transfer: Transfer): void {
    flow.queue.push(transfer)
    if (flow.queue.length === 1) this.#begin(flow)
  }

  /** Takes a transfer back; what was sent of it is lost. */
  cancel(flow: Flow, transfer: Transfer): void {
    const at = flow.queue.indexOf(transfer)
    if (at < 0) return
    if (at > 0) {
      flow.queue.splice(at, 1)
      return
    }
    this.#settle(flow)
    flow.queue.shift()
    this.#next(flow)
  }

  /** Takes everything back. */
  clear(flow: Flow): Transfer[] {
    const all = flow.queue.splice(0)
    if (all.length > 0) this.#end(flow)
    return all
  }

  #begin(flow: Flow): void {
    flow.left = flow.queue[0]?.bytes ?? 0
    flow.rate = 0
    flow.at = this.#events.now()
    flow.from.sending.add(flow)
    flow.to.receiving.add(flow)
    this.#share(flow)
  }

  #end(flow: Flow): void {
    if (flow.due !== undefined) this.#events.cancel(flow.due)
    flow.due = undefined
    flow.from.sending.delete(flow)
    flow.to.receiving.delete(flow)
    this.#share(flow)
  }

  /** The number of flows on these two lines has changed. */
  #share(flow: Flow): void {
    if (flow.from.up !== Infinity) for (const other of flow.from.sending) this.#retime(other)
    else if (flow.queue.length > 0) this.#retime(flow)
    for (const other of flow.to.receiving) this.#retime(other)
  }

  #settle(flow: Flow): void {
    const now = this.#events.now()
    flow.left -= flow.rate * (now - flow.at)
    flow.at = now
  }

  #retime(flow: Flow): void {
    const rate = Math.min(flow.from.up / flow.from.sending.size, flow.to.down / flow.to.receiving.size)
    if (rate === flow.rate && flow.due !== undefined) return
    this.#settle(flow)
    flow.rate = rate
    const afterMs = Math.max(0, flow.left) / rate
    // Slower than before: the event that is there comes early, and looks again. That is cheaper than a new one each time.
    if (flow.due !== undefined && flow.due.at <= flow.at + afterMs) return
    if (flow.due !== undefined) this.#events.cancel(flow.due)
    flow.due = this.#events.schedule(afterMs, () => this.#arrived(flow))
  }

  #arrived(flow: Flow): void {
    flow.due = undefined
    this.#settle(flow)
    if (flow.left > EPSILON_BYTES) {
      flow.due = this.#events.schedule(flow.left / flow.rate, () => this.#arrived(flow))
      return
    }
    const transfer = flow.queue.shift()
    this.#next(flow)
    transfer?.done()
  }

  #next(flow: Flow): void {
    const next = flow.queue[0]
    if (next === undefined) {
      this.#end(flow)
      return
    }
    flow.left = next.bytes
    if (flow.due !== undefined) this.#events.cancel(flow.due)
    flow.due = this.#events.schedule(flow.left / flow.rate, () => this.#arrived(flow))
  }
}
