import { BlackholeError } from '@blackhole/protocol'

/** Asked too often: answered with 429. */
export class RateError extends BlackholeError {
  override name = 'RateError'

  constructor(what: string) {
    super('limit', `Too many ${what} from this address. Wait a few seconds`, { subject: what })
  }
}
