import { randomBytes } from 'node:crypto'
import { chmod, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { BlackholeError, ValidationError } from '@blackhole/protocol'
import { lockFolder } from './folder-lock.ts'
import { makeFolder } from './make-folder.ts'

/** The one folder that holds all state of a relay. Secrets in it are readable by their owner alone. */
export class DataFolder {
  readonly path: string

  constructor(path: string) {
    this.path = resolve(path)
  }

  /** The database file. */
  get database(): string {
    return join(this.path, 'state.sqlite')
  }

  /** The folder of block files. */
  get blocks(): string {
    return join(this.path, 'blocks')
  }

  /**
   * Creates the folder if need be and checks that it can be written.
   *
   * @throws {ValidationError} naming `data`
   */
  async open(): Promise<void> {
    const probe = join(this.path, `.write-test-${randomBytes(6).toString('hex')}`)
    try {
      await makeFolder(this.path, { mode: 0o700 })
      const file = await open(probe, 'wx', 0o600)
      await file.close()
      await rm(probe)
    } catch (cause) {
      throw new ValidationError('data', 'a folder that this user can write', this.path, { cause })
    }
  }

  /**
   * Takes the open folder for this relay alone, until the returned function is called or the process ends.
   *
   * @throws {BlackholeError} naming `data` when another relay has it
   */
  lock(): () => void {
    return lockFolder(join(this.path, 'lock'), this.path)
  }

  /** The relay's own key, made at the first start. Its peer id is in every published token, so losing it means publishing anew. */
  async privateKey(): Promise<PrivateKey> {
    const text = await this.#secret('key', async () => {
      const key = await generateKeyPair('Ed25519')
      return Buffer.from(privateKeyToProtobuf(key)).toString('base64')
    })
    try {
      return privateKeyFromProtobuf(Buffer.from(text, 'base64'))
    } catch (cause) {
      throw new ValidationError('data', 'a folder whose "key" file holds a libp2p private key in base64', this.path, {
        cause,
      })
    }
  }

  /** The token that authorises the operator, made at the first start. */
  adminToken(): Promise<string> {
    return this.#secret('admin-token', () => Promise.resolve(randomBytes(32).toString('base64url')))
  }

  /** Reads or makes a small secret kept as JSON text in file `name`. */
  secret(name: string, make: () => Promise<string>): Promise<string> {
    return this.#secret(name, make)
  }

  async #secret(name: string, make: () => Promise<string>): Promise<string> {
    const path = join(this.path, name)
    try {
      const text = (await readFile(path, 'utf8')).trim()
      await chmod(path, 0o600)
      return text
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw new BlackholeError('unavailable', `${path} cannot be read`, { cause: error, subject: 'data' })
      }
    }
    const text = await make()
    const temporary = `${path}.${randomBytes(6).toString('hex')}`
    await writeFile(temporary, `${text}\n`, { mode: 0o600, flag: 'wx' })
    await rename(temporary, path)
    return text
  }
}
