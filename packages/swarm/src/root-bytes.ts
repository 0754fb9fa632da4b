import { ValidationError } from '@blackhole/protocol'
import { CID } from 'multiformats/cid'

/**
 * The root of a site version, as messages carry it.
 *
 * @throws {ValidationError} when it is no CID
 */
export function decodeRoot(bytes: Uint8Array): string {
  try {
    return CID.decode(bytes).toString()
  } catch (cause) {
    throw new ValidationError('root', 'a CID', undefined, { cause })
  }
}

/** The bytes of a root for a message. */
export function encodeRoot(root: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(CID.parse(root).bytes)
}
