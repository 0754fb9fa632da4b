import { BlackholeError } from '@blackhole/protocol'

/** Asked too often: answered with 429. */
export class RateError extends BlackholeError {
  override name = 'RateError'

  /** @param wait - when to ask again */
  constructor(what: string, wait = 'Wait a few seconds') {
    super('limit', `Too many ${what} from this address. ${wait}`, { subject: what })
  }
}
