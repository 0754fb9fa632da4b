import { runTool } from './ip.ts'

/** How long a packet may wait in a link's queue, as in an ordinary home router. */
const QUEUE_MS = 100

/** Bytes that may pass at once: a few large packets, so that the limit holds in every moment and not on average alone. */
const BURST_BYTES = 16 * 1024

/** Shortest queue in bytes, whatever the rate: below this TCP can't fill the link. */
const MIN_QUEUE_BYTES = 48 * 1024

/**
 * Limits what leaves a device by a token bucket (`tc-tbf`), headers included.
 *
 * @param mbit - 10^6 bit per second
 */
export async function limitEgress(namespace: string, device: string, mbit: number): Promise<void> {
  if (!(mbit > 0)) throw new RangeError(`mbit must be above 0, got ${mbit}`)
  const rate = Math.round(mbit * 1e6)
  const queue = Math.max(MIN_QUEUE_BYTES, Math.round((rate / 8) * (QUEUE_MS / 1000))) + BURST_BYTES
  await runTool('tc', [
    ...['-n', namespace, 'qdisc', 'replace', 'dev', device, 'root', 'tbf'],
    ...['rate', `${rate}bit`, 'burst', `${BURST_BYTES}b`, 'limit', `${queue}b`],
  ])
}
