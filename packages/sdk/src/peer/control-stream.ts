import type { Connection, Stream } from '@libp2p/interface'
import { pbStream, type ProtobufDecoder, type ProtobufEncoder } from '@libp2p/utils'
import { CONTROL_TIMEOUT_MS, DeadlineError, MAX_CONTROL_MESSAGE_BYTES, decodeControlLength } from '@blackhole/protocol'

/** A way to open streams to one peer. */
export type StreamOpener = Pick<Connection, 'newStream'>

/** Options of {@link ask}. */
export interface AskOptions {
  readonly signal?: AbortSignal | undefined
  /** Default: {@link CONTROL_TIMEOUT_MS}. */
  readonly timeoutMs?: number
}

/**
 * Opens a control stream, writes one message and reads one answer.
 *
 * @throws {DeadlineError} when that takes too long
 */
export async function ask<Question, Answer>(
  connection: StreamOpener,
  protocol: string,
  question: { codec: { encode: ProtobufEncoder<Question> }; message: Question },
  answer: { decode: ProtobufDecoder<Answer> },
  options: AskOptions = {},
): Promise<Answer> {
  const { signal, timeoutMs = CONTROL_TIMEOUT_MS } = options
  const deadline = AbortSignal.timeout(timeoutMs)
  const both = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  let stream: Stream | undefined
  try {
    stream = await connection.newStream(protocol, { signal: both })
    const messages = boundedMessages(stream)
    await messages.write(question.message, question.codec, { signal: both })
    const result = await messages.read(answer, { signal: both })
    await stream.close({ signal: both })
    return result
  } catch (cause) {
    stream?.abort(cause instanceof Error ? cause : new Error(String(cause)))
    signal?.throwIfAborted()
    throw deadline.aborted ? new DeadlineError(`The answer on ${protocol}`, timeoutMs, { cause }) : cause
  }
}

/** Messages of a control stream; a longer one than a control message may be ends the stream. */
export function boundedMessages(stream: Stream): ReturnType<typeof pbStream<Stream>> {
  return pbStream(stream, { maxDataLength: MAX_CONTROL_MESSAGE_BYTES, lengthDecoder: decodeControlLength })
}
