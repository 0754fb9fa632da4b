import type { Page } from 'playwright'
import type { PageServer } from '../harness/page-server.ts'
import type { Received } from './pages/bytes.ts'

/** Two fresh browser profiles, in processes of their own, and what they may use. */
export interface Ground {
  readonly sender: Page
  readonly receiver: Page
  readonly pages: PageServer
  /** Bytes of the file. */
  readonly size: number
}

/** A way to move a file from one browser to another. */
export interface System {
  readonly name: string
  /** What the receiver does with the bytes besides taking them, so that like is compared with like. */
  readonly note: string
  /** Starts servers that the runs share: a relay, a tracker. */
  start(ground: Pick<Ground, 'pages' | 'size'>): Promise<void>
  /**
   * Connects sender and receiver, with the file in the sender's hands.
   *
   * @returns a function that transfers it, over the connection that is open
   */
  connect(ground: Ground): Promise<() => Promise<Received>>
  stop(): Promise<void>
}
