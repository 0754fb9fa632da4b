import type { Logger } from 'pino'
import { CERTIFICATE_CHECK_MS } from '../limits.ts'
import type { FrontServer } from './front-server.ts'
import type { TlsFiles } from './tls-files.ts'

/**
 * Looks at the certificate's files every now and then, and serves with them
 * once they have changed. Files that can't be used are logged, and the
 * certificate stays as it was.
 *
 * @returns stops doing so
 */
export function renewCertificate(files: TlsFiles, front: FrontServer, log: Logger): () => void {
  const check = async (): Promise<void> => {
    try {
      const context = await files.changed()
      if (context === undefined) return
      front.renew(context)
      log.info('serving with the renewed certificate')
    } catch (error) {
      log.error({ err: error }, 'the renewed certificate cannot be used')
    }
  }
  const timer = setInterval(() => void check(), CERTIFICATE_CHECK_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
  }
}
