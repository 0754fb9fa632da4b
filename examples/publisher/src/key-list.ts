import { createSiteKey, exportSiteKey, importSiteKey } from '@blackhole/sdk'
import type { SiteKey } from '@blackhole/sdk'

/** Where the keys lie in this browser. */
const STORAGE_KEY = 'blackhole-publisher-keys'

/** A key of this browser, with what its owner calls the site. */
export interface StoredKey {
  readonly label: string
  readonly name: string
  readonly pem: string
}

/**
 * The keys of this browser. They are kept as they are: a page that shares this
 * page's origin could read them, so host it on an origin of its own.
 */
export class KeyList {
  readonly #storage: Storage

  constructor(storage: Storage) {
    this.#storage = storage
  }

  all(): StoredKey[] {
    const value: unknown = JSON.parse(this.#storage.getItem(STORAGE_KEY) ?? '[]')
    return Array.isArray(value) ? value.filter(isStoredKey) : []
  }

  async create(label: string): Promise<StoredKey> {
    return await this.#add(label, await createSiteKey())
  }

  async import(label: string, pem: string): Promise<StoredKey> {
    return await this.#add(label, await importSiteKey(pem))
  }

  async #add(label: string, key: SiteKey): Promise<StoredKey> {
    const others = this.all().filter(({ name }) => name !== key.name)
    const stored = { label, name: key.name, pem: await exportSiteKey(key) }
    this.#storage.setItem(STORAGE_KEY, JSON.stringify([...others, stored]))
    return stored
  }
}

function isStoredKey(value: unknown): value is StoredKey {
  const { label, name, pem } = (value ?? {}) as Partial<Record<keyof StoredKey, unknown>>
  return typeof label === 'string' && typeof name === 'string' && typeof pem === 'string'
}
