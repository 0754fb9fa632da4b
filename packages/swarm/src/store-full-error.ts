import { BlackholeError } from '@blackhole/protocol'

/** There is no room for a block, even after eviction. Reason `full`. Reads go on working. */
export class StoreFullError extends BlackholeError {
  override name = 'StoreFullError'

  constructor(bytes: number, quotaBytes: number, options: ErrorOptions = {}) {
    super(
      'full',
      `${String(bytes)} bytes do not fit into the piece store of ${String(quotaBytes)} bytes: all else is in use`,
      options,
    )
  }
}
