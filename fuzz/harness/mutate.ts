import { MAX_INPUT_BYTES } from './target.ts'

/** What {@link mutate} works with. */
export interface MutateComponents {
  /** From 0 up to, not including, 1. */
  readonly random: () => number
  /** Another input, to be mixed in. */
  readonly other: () => Uint8Array
  /** Words of the format. */
  readonly words: readonly Uint8Array[]
}

/** Bytes at which decoders decide: zero, sign bits, the ends of a varint, what delimits text. */
const TELLING = Uint8Array.of(0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x2a, 0x2c, 0x2f, 0x5c)

/** Numbers at the bounds of what computers count in, as text. */
const NUMBERS = ['0', '-1', '1e999', '9007199254740992', '4294967296', '2147483648', '65536', '1048577', '00', '1.5']

/** Numbers at the same bounds, as varints. */
const VARINTS = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
  [0x80, 0x80, 0x10],
  [0x80, 0x00],
] as const

/** Changes an input in one to six places, as AFL's "havoc" stage does (https://lcamtuf.coredump.cx/afl/technical_details.txt). */
export function mutate(input: Uint8Array, components: MutateComponents): Uint8Array {
  const { random } = components
  let bytes = input
  for (let changes = 1 + Math.floor(random() * 6); changes > 0; changes -= 1) bytes = change(bytes, components)
  return bytes.subarray(0, MAX_INPUT_BYTES)
}

function change(bytes: Uint8Array, { random, other, words }: MutateComponents): Uint8Array {
  const below = (end: number): number => Math.floor(random() * end)
  const at = below(bytes.length + 1)
  const run = Math.min(bytes.length - at, 1 + Math.floor(random() ** 3 * bytes.length))
  switch (below(11)) {
    case 0:
      return replaced(bytes, at, 1, [(bytes[at] ?? 0) ^ (1 << below(8))])
    case 1:
      return replaced(bytes, at, 1, [below(256)])
    case 2:
      return replaced(bytes, at, 1, [TELLING[below(TELLING.length)] ?? 0])
    case 3:
      return replaced(bytes, at, run, [])
    case 4:
      return replaced(bytes, at, 0, bytes.subarray(at, at + run))
    case 5:
      return repeated(bytes, at, run, 2 ** (1 + below(8)))
    case 6: {
      const mixed = other()
      const from = below(mixed.length + 1)
      return replaced(bytes, at, run, mixed.subarray(from, from + 1 + below(mixed.length)))
    }
    case 7:
      return replaced(bytes, at, below(2), VARINTS[below(VARINTS.length)] ?? [])
    case 8:
      return withNumber(bytes, NUMBERS[below(NUMBERS.length)] ?? '', random)
    case 9:
      return replaced(bytes, at, random() < 0.5 ? 0 : run, words[below(words.length)] ?? [])
    default:
      return bytes.subarray(0, at)
  }
}

function replaced(bytes: Uint8Array, at: number, removed: number, added: ArrayLike<number>): Uint8Array {
  const end = Math.min(bytes.length, at + removed)
  const made = new Uint8Array(bytes.length - (end - at) + added.length)
  made.set(bytes.subarray(0, at))
  made.set(added, at)
  made.set(bytes.subarray(end), at + added.length)
  return made
}

function repeated(bytes: Uint8Array, at: number, run: number, times: number): Uint8Array {
  if (run === 0) return bytes
  const part = bytes.subarray(at, at + run)
  const fitting = Math.max(1, Math.min(times, Math.floor((MAX_INPUT_BYTES - bytes.length) / run)))
  const many = new Uint8Array(run * fitting)
  for (let index = 0; index < fitting; index += 1) many.set(part, index * run)
  return replaced(bytes, at, 0, many)
}

/** Puts another number in the place of one that is written in digits. */
function withNumber(bytes: Uint8Array, number: string, random: () => number): Uint8Array {
  const places = [...new TextDecoder('latin1').decode(bytes).matchAll(/\d+/g)]
  const place = places[Math.floor(random() * places.length)]
  if (place === undefined) return bytes
  return replaced(bytes, place.index, place[0].length, new TextEncoder().encode(number))
}
