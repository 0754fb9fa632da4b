import { defaultLogger } from '@libp2p/logger'
import type { ComponentLogger, Logger as Libp2pLogger } from '@libp2p/interface'
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

/** A log that nothing is written to, and that is the same for all. */
const SILENT: Libp2pLogger = Object.freeze(
  Object.assign(() => undefined, {
    error: () => undefined,
    trace: () => undefined,
    enabled: false,
    newScope: (): Libp2pLogger => SILENT,
  }),
)

/**
 * libp2p's own log, silent unless `DEBUG` asks for it, as its users know it. libp2p makes a logger for each connection
 * and each stream, which takes 10 kB of a visitor's memory although it writes nothing.
 */
export function libp2pLogger(environment: NodeJS.ProcessEnv = process.env): ComponentLogger {
  const asked = environment['DEBUG']
  return asked === undefined || asked === '' ? { forComponent: () => SILENT } : defaultLogger()
}
