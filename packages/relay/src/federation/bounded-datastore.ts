import { MemoryDatastore } from 'datastore-core'
import { Key } from 'interface-datastore'

/**
 * A datastore in memory that lets its oldest entry go for a new one: the DHT
 * keeps what others ask it to, and must not fill the relay's database.
 */
export class BoundedDatastore extends MemoryDatastore {
  readonly #keys = new Set<string>()
  readonly #maxEntries: number

  constructor(init: { maxEntries: number }) {
    super()
    this.#maxEntries = init.maxEntries
  }

  override async put(key: Key, value: Uint8Array): Promise<Key> {
    const text = key.toString()
    this.#keys.delete(text)
    this.#keys.add(text)
    const [oldest] = this.#keys
    if (this.#keys.size > this.#maxEntries && oldest !== undefined) await this.delete(new Key(oldest))
    return await super.put(key, value)
  }

  override async delete(key: Key): Promise<void> {
    this.#keys.delete(key.toString())
    await super.delete(key)
  }
}
