/** How an answer shares the line with others. */
export type AnswerKind =
  /** Nothing else begins before it is there: the scripts that make a visitor a peer. */
  | 'script'
  /** Somebody waits, and can have it nowhere else. */
  | 'plain'
  /** A block, which other visitors may send as well. */
  | 'block'

/** What {@link Uplink} works with. */
export interface UplinkComponents {
  /** Milliseconds. */
  now: () => number
  /** Calls back later. */
  setTimer: (callback: () => void, ms: number) => void
}

/** An answer that takes turns on the line. */
export interface UplinkAnswer {
  /** Bytes to take at once, at most. */
  readonly sliceBytes: number
  /** Resolves when so many bytes may be sent, or the answer has ended. */
  take: (bytes: number) => Promise<void>
  /**
   * It takes no more turns.
   *
   * @param whole - all of it was sent
   */
  end: (whole: boolean) => void
}

/** Of the line, in bytes of answers: TCP, IP and Ethernet take 5 %, and what takes no turns has the rest. */
const SHARE = 0.92

/** A slice takes the line for so long, within the bounds below: whoever comes next waits no longer. */
const SLICE_MS = 25
const MIN_SLICE_BYTES = 16 * 1024
const MAX_SLICE_BYTES = 128 * 1024

/** What was not sent in a pause is made up for, up to so many slices. */
const BURST_SLICES = 4

/** The first bytes of an answer wait for nobody, where a slice is no longer than this: small answers are over before a turn would come. */
const SMALL_BYTES = 16 * 1024

/** What was sent without a turn takes this part of the line afterwards, for as long as the line takes for it, or so long at most. */
const DEBT_SHARE = 1 / 2
const MAX_DEBT_MS = 2_000

/** A script goes as fast as so many blocks together. */
const SCRIPT_WEIGHT = 512

/** The begin of any other answer goes as fast as so many: a page's pictures come before the film, which has others who send it. */
const PAGE_WEIGHT = 8
const PAGE_BYTES = 2 * 1024 * 1024

/** Blocks together go as fast as this part of all that goes past them, whatever that is: whoever opens many answers stops nobody's. */
const BLOCKS_FLOOR = 1 / 8

/** For each time that a block was sent already, twice at most, those go first that are asked for before so many more bytes of blocks are sent. */
const AGAIN_BYTES = 8 * 1024 * 1024
const MAX_TIMES = 2
/** Who got a block is taken to be there for so long. */
const REMEMBERED_MS = 120_000
/** Blocks of which it is known that they were sent: 4 GiB of a film. */
const MAX_REMEMBERED = 4_096

/** A slice that waits for its turn. */
interface Turn {
  readonly bytes: number
  readonly weight: number
  /** Virtual time at which it would be sent, were the line shared bit by bit. */
  readonly finish: number
  readonly go: () => void
}

/** A slice of a block; the one that is due first goes first. */
interface BlockTurn {
  readonly bytes: number
  /** In bytes of blocks sent. */
  readonly due: number
  readonly go: () => void
}

/**
 * Shares a line of known capacity among answers. What waits then waits here, where it is known what it is, and not in
 * the line: a visitor's scripts and introductions go past blocks, and what nobody wants any more is never sent.
 *
 * Answers take weighted turns (self-clocked fair queueing: Golestani, "A Self-Clocked Fair Queueing Scheme for Broadband
 * Applications", INFOCOM 1994). The blocks that visitors ask for have as many turns together as there are of them, and a ninth of the line at least, but one
 * is sent after the other, so that each is soon somebody's to pass on; and one that was sent lately comes after those
 * that were not, since whoever has it may send it too (BEP 16, "super-seeding"). It is put off by a number of bytes, not
 * for ever.
 */
export class Uplink {
  readonly #components: UplinkComponents
  readonly #bytesPerMs: number
  readonly #sliceBytes: number
  #allowed: number
  #debt = 0
  #filledAt: number
  #isTimerSet = false
  /** Virtual time of what was sent last. */
  #virtual = 0
  readonly #turns = new Set<Turn>()
  readonly #blockTurns = new Set<BlockTurn>()
  #blocksFinish = 0
  #blockBytes = 0
  /** How often blocks were sent or begun, and when last; those of long ago first. */
  readonly #sent = new Map<string, { times: number; at: number }>()

  /** @param bitsPerSecond - what the line carries up, above 0 */
  constructor(components: UplinkComponents, bitsPerSecond: number) {
    this.#components = components
    this.#bytesPerMs = (SHARE * bitsPerSecond) / 8 / 1000
    this.#sliceBytes = Math.round(Math.min(MAX_SLICE_BYTES, Math.max(MIN_SLICE_BYTES, SLICE_MS * this.#bytesPerMs)))
    this.#allowed = BURST_SLICES * this.#sliceBytes
    this.#filledAt = components.now()
  }

  /** So many bytes were sent without a turn. They are made up for, but never so that nobody gets a turn. */
  passed(bytes: number): void {
    this.#fill()
    this.#debt = Math.min(MAX_DEBT_MS * this.#bytesPerMs, this.#debt + bytes)
  }

  /**
   * An answer begins; whoever begins it ends it.
   *
   * @param cid - of a block
   */
  begin(kind: AnswerKind, cid = ''): UplinkAnswer {
    return kind === 'block' ? this.#beginBlock(cid) : this.#beginOther(kind)
  }

  #beginOther(kind: Exclude<AnswerKind, 'block'>): UplinkAnswer {
    let [sent, finish, isOver] = [0, 0, false]
    let waiting: Turn | undefined
    return {
      sliceBytes: this.#sliceBytes,
      take: async (bytes) => {
        if (isOver) return
        sent += bytes
        if (sent <= SMALL_BYTES) {
          this.passed(bytes)
          return
        }
        const weight = kind === 'script' ? SCRIPT_WEIGHT : sent <= PAGE_BYTES ? PAGE_WEIGHT : 1
        finish = Math.max(this.#virtual, finish) + bytes / weight
        await new Promise<void>((go) => {
          waiting = { bytes, weight, finish, go }
          this.#turns.add(waiting)
          this.#run()
        })
      },
      end: () => {
        isOver = true
        if (waiting !== undefined && this.#turns.delete(waiting)) waiting.go()
      },
    }
  }

  #beginBlock(cid: string): UplinkAnswer {
    // A byte for each, so that of two that begin while nothing is sent one comes after the other.
    this.#blockBytes += 1
    const due = this.#blockBytes + AGAIN_BYTES * Math.min(MAX_TIMES, this.#note(cid, 1) - 1)
    let waiting: BlockTurn | undefined
    let isOver = false
    return {
      sliceBytes: this.#sliceBytes,
      take: (bytes) =>
        new Promise<void>((go) => {
          if (isOver) {
            go()
            return
          }
          if (this.#blockTurns.size === 0) this.#blocksFinish = Math.max(this.#virtual, this.#blocksFinish)
          waiting = { bytes, due, go }
          this.#blockTurns.add(waiting)
          this.#run()
        }),
      end: (whole) => {
        if (isOver) return
        isOver = true
        if (!whole) this.#note(cid, -1)
        if (waiting !== undefined && this.#blockTurns.delete(waiting)) waiting.go()
      },
    }
  }

  /** @returns how often a block was sent or begun lately */
  #note(cid: string, times: 1 | -1): number {
    const at = this.#components.now()
    for (const [oldest, sent] of this.#sent) {
      if (at - sent.at < REMEMBERED_MS && this.#sent.size < MAX_REMEMBERED) break
      this.#sent.delete(oldest)
    }
    const sum = Math.max(0, (this.#sent.get(cid)?.times ?? 0) + times)
    this.#sent.delete(cid)
    if (sum > 0) this.#sent.set(cid, { times: sum, at })
    return sum
  }

  #run(): void {
    this.#fill()
    while (this.#allowed > 0 && this.#turns.size + this.#blockTurns.size > 0) this.#send()
    if (this.#turns.size + this.#blockTurns.size === 0) return
    if (this.#isTimerSet) return
    this.#isTimerSet = true
    const ms = Math.max(1, Math.ceil(-this.#allowed / this.#bytesPerMs))
    this.#components.setTimer(() => {
      this.#isTimerSet = false
      this.#run()
    }, ms)
  }

  /** The slice that is due first. */
  #send(): void {
    const turn = first(this.#turns, ({ finish }) => finish)
    const block = first(this.#blockTurns, ({ due }) => due)
    let weight = 0
    for (const other of this.#turns) weight += other.weight
    weight = Math.max(this.#blockTurns.size, BLOCKS_FLOOR * weight)
    const blocksFinish = this.#blocksFinish + (block?.bytes ?? Infinity) / weight
    if (block !== undefined && blocksFinish <= (turn?.finish ?? Infinity)) {
      this.#blockTurns.delete(block)
      this.#blocksFinish = blocksFinish
      this.#blockBytes += block.bytes
      this.#go(block, blocksFinish)
    } else if (turn !== undefined) {
      this.#turns.delete(turn)
      this.#go(turn, turn.finish)
    }
  }

  #go({ bytes, go }: { bytes: number; go: () => void }, virtual: number): void {
    this.#virtual = virtual
    this.#allowed -= bytes
    go()
  }

  #fill(): void {
    const now = this.#components.now()
    const more = Math.max(0, now - this.#filledAt) * this.#bytesPerMs
    this.#filledAt = now
    const paid = Math.min(this.#debt, DEBT_SHARE * more)
    this.#debt -= paid
    this.#allowed = Math.min(BURST_SLICES * this.#sliceBytes, this.#allowed + more - paid)
  }
}

/** The one with the smallest number; of several, the one that came first. */
function first<T>(all: Iterable<T>, numberOf: (one: T) => number): T | undefined {
  let found: T | undefined
  for (const one of all) if (found === undefined || numberOf(one) < numberOf(found)) found = one
  return found
}
