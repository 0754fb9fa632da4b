import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { ValidationError } from '@blackhole/protocol'

/** Certificate chain and key, in PEM. */
export interface TlsContext {
  cert: Buffer
  key: Buffer
}

/**
 * The certificate that the relay serves HTTPS with, from two files. They are
 * looked at again now and then, since certificates are renewed every few weeks
 * while the relay runs.
 */
export class TlsFiles {
  readonly #cert: string
  readonly #key: string
  #readAt = 0

  constructor(cert: string, key: string) {
    this.#cert = cert
    this.#key = key
  }

  /** @throws {ValidationError} naming `tlsCert` or `tlsKey` when they can't be used */
  async read(): Promise<TlsContext> {
    const context = { cert: await readPem('tlsCert', this.#cert), key: await readPem('tlsKey', this.#key) }
    try {
      createSecureContext(context)
    } catch (cause) {
      throw new ValidationError('tlsKey', 'the key of the certificate in tlsCert, both in PEM', this.#key, { cause })
    }
    this.#readAt = await this.#changedAt()
    return context
  }

  /** The files anew when they have changed since they were read. */
  async changed(): Promise<TlsContext | undefined> {
    return (await this.#changedAt()) > this.#readAt ? this.read() : undefined
  }

  async #changedAt(): Promise<number> {
    const stats = await Promise.all([stat(this.#cert), stat(this.#key)])
    return Math.max(...stats.map(({ mtimeMs }) => mtimeMs))
  }
}

async function readPem(field: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new ValidationError(field, 'a file that can be read', path, { cause })
  }
}
