import { seededRandom } from '@blackhole/testkit/rng'
import { check, sample } from 'fast-check'
import type { RunDetails } from 'fast-check'
import { examine } from './examine.ts'
import { mutate } from './mutate.ts'
import type { Target } from './target.ts'

/** What a {@link fuzz} works with. */
export interface SessionComponents {
  /** Told each input before it is decoded: who watches can then tell which one never ends. */
  readonly onInput?: (input: Uint8Array) => void
  /** Told inputs that led somewhere new. */
  readonly onNew?: (input: Uint8Array, outcome: string) => void
  /** Told what is wrong, once for each kind of fault. */
  readonly onFault: (fault: string, input: Uint8Array, outcome: string) => void | Promise<void>
  /** Whether it has been enough; asked after each input. */
  readonly isEnough: (inputs: number) => boolean
}

/** Knobs of {@link fuzz}. */
export interface SessionInit {
  /** The same seed gives the same inputs. */
  readonly seed: number
  /** Inputs to begin with, besides those that the encoders make. */
  readonly kept: readonly Uint8Array[]
  /** Values for the round trip. Default 100. */
  readonly roundTrips?: number
}

/** Fresh inputs of the encoders at a time, and how often each is changed on average before there are others. */
const BATCH = 32
const CHANGES_PER_INPUT = 16

/** Inputs that led somewhere new, most that are kept in memory. */
const MAX_POOL = 2_000

/**
 * Fuzzes a decoder: first the kept inputs as they are, then the round trip, then inputs of the encoders and kept
 * ones, changed at random. Inputs with an outcome that was not seen before are changed further.
 *
 * @returns how many inputs were decoded, and how many outcomes there were
 */
export async function fuzz(
  target: Target,
  components: SessionComponents,
  init: SessionInit,
): Promise<{ inputs: number; outcomes: number }> {
  const random = seededRandom(init.seed)
  const words = (target.words ?? []).map((word) => new TextEncoder().encode(word))
  const outcomes = new Set<string>()
  const faults = new Set<string>()
  const pool: Uint8Array[] = [...init.kept]
  let inputs = 0
  const look = async (input: Uint8Array, keep: boolean): Promise<void> => {
    inputs += 1
    components.onInput?.(input)
    const { outcome, fault } = await examine(target, input)
    if (fault !== undefined) {
      if (faults.has(outcome)) return
      faults.add(outcome)
      await components.onFault(fault, input, outcome)
    } else if (!outcomes.has(outcome)) {
      outcomes.add(outcome)
      if (!keep || pool.length >= MAX_POOL) return
      pool.push(input)
      components.onNew?.(input, outcome)
    }
  }
  for (const input of init.kept) await look(input, false)
  const broken = await brokenRoundTrip(target, init)
  if (broken !== undefined) await components.onFault(broken, new Uint8Array(0), 'round trip')
  for (let batch = 0; !components.isEnough(inputs); batch += 1) {
    const fresh = sample(target.inputs, { seed: init.seed + batch, numRuns: BATCH })
    const any = (): Uint8Array => {
      const from = random() < 0.5 && pool.length > 0 ? pool : fresh
      return from[Math.floor(random() * from.length)] ?? new Uint8Array(0)
    }
    for (const input of fresh) {
      if (components.isEnough(inputs)) break
      await look(input, false)
      for (let change = 0; change < CHANGES_PER_INPUT && !components.isEnough(inputs); change += 1)
        await look(mutate(any(), { random, other: any, words }), true)
    }
  }
  return { inputs, outcomes: outcomes.size }
}

async function brokenRoundTrip(target: Target, init: SessionInit): Promise<string | undefined> {
  if (target.roundTrip === undefined) return undefined
  const details: RunDetails<unknown> = await check(target.roundTrip, {
    seed: init.seed,
    numRuns: init.roundTrips ?? 100,
  })
  if (!details.failed) return undefined
  const cause = details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance)
  return `does not give back ${JSON.stringify(details.counterexample).slice(0, 500)}: ${cause.slice(0, 500)}`
}
