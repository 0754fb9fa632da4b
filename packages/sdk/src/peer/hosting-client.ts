import type { Stream } from '@libp2p/interface'
import {
  CONTROL_TIMEOUT_MS,
  HOSTING_PROTOCOL,
  HostingReply,
  HostingRequest,
  HostingVerb,
  LimitError,
  MAX_RECORD_BYTES,
  NotFoundError,
  type SiteName,
} from '@blackhole/protocol'
import { boundedMessages, type StreamOpener } from './control-stream.ts'
import { refusal } from './tracker-client.ts'

/**
 * Follows the records of a site at a relay: now and at every change, until the
 * signal is aborted or the relay ends the stream.
 *
 * @param onRecord - called with each signed record, unchecked
 */
export async function followRecords(
  connection: StreamOpener,
  site: SiteName,
  onRecord: (record: Uint8Array<ArrayBuffer>) => void,
  options: { signal: AbortSignal },
): Promise<void> {
  const { signal } = options
  const opening = AbortSignal.any([signal, AbortSignal.timeout(CONTROL_TIMEOUT_MS)])
  let stream: Stream | undefined
  try {
    stream = await connection.newStream(HOSTING_PROTOCOL, { signal: opening })
    const messages = boundedMessages(stream)
    const request = { verb: HostingVerb.HOSTING_SUBSCRIBE, site, record: new Uint8Array(0) }
    await messages.write(request, HostingRequest, { signal: opening })
    for (;;) {
      // No deadline: the next change may be months away. The connection's own end ends the wait.
      const record = recordOf(await messages.read(HostingReply, { signal }))
      if (record !== undefined) onRecord(record)
    }
  } catch (error) {
    stream?.abort(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

function recordOf(reply: HostingReply): Uint8Array<ArrayBuffer> | undefined {
  if (reply.error !== '') {
    const error = refusal(reply.error)
    if (error.reason === 'missing' || error instanceof NotFoundError) return undefined
    throw error
  }
  if (reply.record.byteLength === 0) return undefined
  if (reply.record.byteLength > MAX_RECORD_BYTES)
    throw new LimitError('record bytes', MAX_RECORD_BYTES, reply.record.byteLength)
  return new Uint8Array(reply.record)
}
