import { defaultLogger } from '@libp2p/logger'
import type { ComponentLogger } from '@libp2p/interface'
import { pino } from 'pino'
import type { Logger } from 'pino'

/**
 * The relay's log: one JSON object a line, on standard error, so that standard
 * output stays free for what programs read.
 */
export function createLog(level: string): Logger {
  return pino(
    { level, base: { name: 'blackhole-relay' }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(2),
  )
}

/** libp2p's own log, silent unless `DEBUG` asks for it, as its users know it. */
export function libp2pLogger(): ComponentLogger {
  return defaultLogger()
}
