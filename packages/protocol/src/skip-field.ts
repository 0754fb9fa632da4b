import type { Reader } from 'protons-runtime'
import { ValidationError } from './errors.ts'

/** Wire types of groups, which protobuf had before version 3: they nest without bound. */
const GROUP_START = 3
const GROUP_END = 4

/**
 * Goes past a field of a message that this version doesn't know. None of ours is a group, and one is refused: the
 * runtime goes into nested ones by recursion, and 64 KiB of them are more than a stack holds.
 *
 * @param tag - number and wire type of the field
 * @throws {ValidationError} for a group
 */
export function skipField(reader: Reader, tag: number): void {
  const type = tag & 7
  if (type === GROUP_START || type === GROUP_END)
    throw new ValidationError('message', 'without groups', `field ${String(tag >>> 3)}`)
  reader.skipType(type)
}
