import type { Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import type { StreamOpener } from './control-stream.ts'

/** For tests: a connection to a relay that serves each stream like this. */
export function relayThat(serve: (stream: Stream) => Promise<void>): StreamOpener {
  return {
    async newStream() {
      const [ours, theirs] = await streamPair()
      serve(theirs).catch((error: unknown) => {
        theirs.abort(error as Error)
      })
      return ours
    },
  }
}
