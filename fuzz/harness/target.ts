import type { Arbitrary, IRawProperty } from 'fast-check'

/** A decoder that is fuzzed: bytes from a stranger go in, and what it promises is checked. */
export interface Target {
  /** The word for the command line, and the folder of its seeds. */
  readonly name: string
  /** What decodes. */
  readonly about: string
  /** Real inputs, made by the encoders: what is changed at random afterwards. */
  readonly inputs: Arbitrary<Uint8Array>
  /** Words of the format, to be put into inputs. */
  readonly words?: readonly string[]
  /** `decode(encode(x))` equals `x`. */
  readonly roundTrip?: IRawProperty<unknown>
  /** Whether an error of a library means no more than "that is not what I read". Default: none does. */
  readonly allows?: (error: Error) => boolean
  /** What it may allocate besides {@link MAX_ALLOCATED_PER_BYTE} times its input. Default {@link MAX_ALLOCATED_BYTES}. */
  readonly maxAllocatedBytes?: number
  /**
   * Decodes.
   *
   * @returns a word for what came out: inputs that give a new one are changed further
   * @throws {BrokenPromise} when the result is not as promised
   * @throws an error of ours, or one that {@link Target.allows}, when the input is refused
   */
  decode(input: Uint8Array): string | Promise<string>
}

/** Bytes that a decoder may allocate for any input: what validating libraries take at first. */
export const MAX_ALLOCATED_BYTES = 8 * 1024 * 1024

/** Bytes that a decoder may allocate for each byte of its input: objects of JSON are large. */
export const MAX_ALLOCATED_PER_BYTE = 512

/** Longest time of a core for one input of at most {@link MAX_INPUT_BYTES}. */
export const MAX_MS = 250

/** Longest input that is made. */
export const MAX_INPUT_BYTES = 64 * 1024

/** A decoder did what it promises not to do. */
export class BrokenPromise extends Error {
  override name = 'BrokenPromise'
}

/** @throws {BrokenPromise} when the statement does not hold */
export function promised(holds: boolean, statement: string): asserts holds {
  if (!holds) throw new BrokenPromise(statement)
}
