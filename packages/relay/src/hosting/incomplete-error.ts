import { BlackholeError } from '@blackhole/protocol'
import type { CID } from 'multiformats/cid'
import { MAX_REPORTED_MISSING } from '../limits.ts'

/** A version some of whose blocks the relay lacks. */
export class IncompleteError extends BlackholeError {
  override name = 'IncompleteError'
  /** Some of the missing CIDs, at most {@link MAX_REPORTED_MISSING}. */
  readonly missing: readonly string[]

  constructor(root: string, missing: readonly CID[]) {
    super('incomplete', `${String(missing.length)} or more blocks of ${root} are missing. Upload them first`, {
      subject: root,
    })
    this.missing = missing.slice(0, MAX_REPORTED_MISSING).map(String)
  }
}
