import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ANSWER_SLICE_BYTES } from '../limits.ts'
import type { UplinkAnswer } from './uplink.ts'

/**
 * Sends a body in slices: the next one when the system has taken the one
 * before. So an answer holds one piece of content and no other ahead, and a
 * slow reader of it is seen to move (`StalledAnswers`).
 *
 * @param turns - on a line that is shared; the caller ends them when the answer closes
 * @throws when the reader goes away, or the body fails; the answer then is not ended
 */
export async function sendBody(
  chunks: AsyncIterable<Uint8Array>,
  outgoing: ServerResponse,
  turns?: UplinkAnswer,
): Promise<void> {
  let goOn: (() => void) | undefined
  const wake = (): void => goOn?.()
  // Writing to a connection that has just ended is no news: `destroyed` says so.
  outgoing.on('error', wake).on('drain', wake).on('close', wake)
  const sliceBytes = turns?.sliceBytes ?? ANSWER_SLICE_BYTES
  // Who waits for its turn is told that the answer comes.
  if (turns !== undefined) outgoing.flushHeaders()
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += sliceBytes) {
      const slice = chunk.subarray(at, at + sliceBytes)
      await turns?.take(slice.byteLength)
      if (outgoing.destroyed) throw new Error('The reader went away')
      const more = outgoing.write(slice)
      // What the system took at once needs no waiting for.
      if (more || outgoing.writableLength === 0) continue
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
    }
    // A reader that takes all at once would keep everyone else waiting until the end of a long file.
    if (chunk.byteLength >= ANSWER_SLICE_BYTES) await nextTurn()
  }
  if (outgoing.destroyed) throw new Error('The reader went away')
  outgoing.end()
}
