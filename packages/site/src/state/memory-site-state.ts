import type { Manifest, SiteName } from '@blackhole/protocol'
import type { OriginValidators } from '../origin/origin-sample.ts'
import type { SiteRecord } from '../record.ts'
import { newestOf } from './newest-record.ts'
import { MAX_MANIFESTS_PER_SITE, MAX_READY_ANSWERS, NO_BYTES } from './site-state.ts'
import type { Counters, ReadyAnswer, SettingValue, SiteState } from './site-state.ts'

/** {@link SiteState} for as long as the process lives: tests, Node, and private windows that refuse IndexedDB. */
export class MemorySiteState implements SiteState {
  readonly #records = new Map<SiteName, SiteRecord>()
  readonly #manifests = new Map<string, { name: SiteName; manifest: Manifest }>()
  readonly #settings = new Map<string, SettingValue>()
  readonly #answers = new Map<string, ReadyAnswer>()
  readonly #origin = new Map<string, { stale: boolean; validators: Map<string, OriginValidators> }>()
  #counters: Counters = NO_BYTES

  open(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async record(name: SiteName): Promise<SiteRecord | undefined> {
    return this.#records.get(name)
  }

  async acceptRecord(record: SiteRecord): Promise<SiteRecord> {
    const newest = newestOf(record, this.#records.get(record.name))
    this.#records.set(record.name, newest)
    return newest
  }

  async manifest(root: string): Promise<Manifest | undefined> {
    return this.#manifests.get(root)?.manifest
  }

  async putManifest(name: SiteName, root: string, manifest: Manifest): Promise<void> {
    this.#manifests.delete(root)
    this.#manifests.set(root, { name, manifest })
    const roots = [...this.#manifests].filter(([, entry]) => entry.name === name).map(([key]) => key)
    for (const old of roots.slice(0, -MAX_MANIFESTS_PER_SITE)) this.#forget(old)
  }

  async counters(): Promise<Counters> {
    return this.#counters
  }

  async addCounters(delta: Partial<Counters>): Promise<Counters> {
    this.#counters = addCounters(this.#counters, delta)
    return this.#counters
  }

  async setting(name: string): Promise<SettingValue | undefined> {
    return this.#settings.get(name)
  }

  async setSetting(name: string, value: SettingValue | undefined): Promise<void> {
    if (value === undefined) this.#settings.delete(name)
    else this.#settings.set(name, value)
  }

  async readyAnswer(path: string): Promise<ReadyAnswer | undefined> {
    return this.#answers.get(path)
  }

  async putReadyAnswer(answer: ReadyAnswer): Promise<void> {
    this.#answers.delete(answer.path)
    this.#answers.set(answer.path, answer)
    const [oldest] = this.#answers.keys()
    if (this.#answers.size > MAX_READY_ANSWERS && oldest !== undefined) this.#answers.delete(oldest)
  }

  async forgetReadyAnswers(): Promise<void> {
    this.#answers.clear()
  }

  async originStale(root: string): Promise<boolean> {
    return this.#origin.get(root)?.stale ?? false
  }

  async setOriginStale(root: string, stale: boolean): Promise<void> {
    this.#originOf(root).stale = stale
  }

  async originValidators(root: string, path: string): Promise<OriginValidators | undefined> {
    return this.#origin.get(root)?.validators.get(path)
  }

  async setOriginValidators(root: string, path: string, validators: OriginValidators): Promise<void> {
    this.#originOf(root).validators.set(path, validators)
  }

  async clear(name?: SiteName): Promise<void> {
    this.#answers.clear()
    if (name === undefined) {
      this.#records.clear()
      this.#settings.clear()
      this.#counters = NO_BYTES
    } else {
      this.#records.delete(name)
    }
    for (const [root, entry] of this.#manifests) if (name === undefined || entry.name === name) this.#forget(root)
    if (name === undefined) this.#origin.clear()
  }

  #forget(root: string): void {
    this.#manifests.delete(root)
    this.#origin.delete(root)
  }

  #originOf(root: string): { stale: boolean; validators: Map<string, OriginValidators> } {
    const entry = this.#origin.get(root) ?? { stale: false, validators: new Map<string, OriginValidators>() }
    this.#origin.set(root, entry)
    return entry
  }
}

/** The sum of counters. */
export function addCounters(counters: Counters, delta: Partial<Counters>): Counters {
  return {
    local: counters.local + (delta.local ?? 0),
    peers: counters.peers + (delta.peers ?? 0),
    http: counters.http + (delta.http ?? 0),
    shared: counters.shared + (delta.shared ?? 0),
  }
}
