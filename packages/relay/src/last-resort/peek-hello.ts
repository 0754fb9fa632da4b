import type { Stream } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import { CdnMessage, LimitError, MAX_CONTROL_MESSAGE_BYTES, ValidationError, parseSiteName } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { varint } from 'multiformats'

/** A length that fits a hello takes three bytes at most. */
const MAX_LENGTH_BYTES = 3

/**
 * Reads which site a stream of pieces is for, and puts back what was read, so
 * that the site's swarm finds the greeting as it was sent.
 *
 * @throws {ValidationError} when the first message is no hello
 */
export async function peekSite(stream: Stream, options: { signal: AbortSignal }): Promise<SiteName> {
  const bytes = byteStream(stream, { maxBufferSize: 2 * MAX_CONTROL_MESSAGE_BYTES })
  const head: number[] = []
  do {
    if (head.length === MAX_LENGTH_BYTES)
      throw new LimitError('bytes of the length of a hello', MAX_LENGTH_BYTES, head.length + 1)
    head.push((await bytes.read({ bytes: 1, ...options })).get(0))
  } while ((head.at(-1) ?? 0) >= 0x80)
  const [length] = varint.decode(Uint8Array.from(head))
  if (length > MAX_CONTROL_MESSAGE_BYTES) throw new LimitError('bytes of a hello', MAX_CONTROL_MESSAGE_BYTES, length)
  const body = (await bytes.read({ bytes: length, ...options })).subarray()
  const { hello } = CdnMessage.decode(body)
  if (hello === undefined) throw new ValidationError('first message', 'a hello')
  const site = parseSiteName(hello.site, 'hello.site')
  bytes.unwrap()
  stream.unshift(Uint8Array.from([...head, ...body]))
  return site
}
