import type { Manifest, SiteName } from '@blackhole/protocol'
import type { SiteRecord } from '../record.ts'
import type { OriginValidators } from '../origin/origin-sample.ts'

/** Bytes since the page's origin was first seen, by where they came from, and what was given to others. */
export interface Counters {
  readonly local: number
  readonly peers: number
  readonly http: number
  readonly shared: number
}

/** Counters at the start. */
export const NO_BYTES: Counters = Object.freeze({ local: 0, peers: 0, http: 0, shared: 0 })

/** Most manifests of one site that are kept: the current one, and those that open pages may still use. */
export const MAX_MANIFESTS_PER_SITE = 4

/** Most documents that are kept ready: those of the pages that a visitor comes back to. */
export const MAX_READY_ANSWERS = 16

/** Longest document that is kept ready, in bytes: with {@link MAX_READY_ANSWERS}, an origin pays 4 MiB for them at most. */
export const MAX_READY_BYTES = 256 * 1024

/** The whole answer to a navigation, as it was once made of checked pieces. */
export interface ReadyAnswer {
  /** Path and query. */
  readonly path: string
  /** Root CID of the version that it is of: it answers for no other. */
  readonly root: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A setting's value: what JSON can hold of one line. */
export type SettingValue = string | number | boolean

/**
 * What page and worker of an origin know across visits. Both sides of an
 * origin use it at the same time, so that every change is one transaction.
 *
 * Errors of all methods: `unavailable` when the state can't be opened or read
 * (callers go on with {@link MemorySiteState}), `full` when there is no room.
 */
export interface SiteState {
  open(): Promise<void>
  close(): Promise<void>

  /** The newest record of a site that was ever accepted. */
  record(name: SiteName): Promise<SiteRecord | undefined>
  /**
   * Accepts a record that was checked, unless a newer one is known.
   *
   * @returns the record that is the newest now
   * @throws {RecordError} `stale` or `conflict`: the record must not be used
   */
  acceptRecord(record: SiteRecord): Promise<SiteRecord>

  /** A manifest that was stored. */
  manifest(root: string): Promise<Manifest | undefined>
  /** Keeps a manifest; drops the oldest beyond {@link MAX_MANIFESTS_PER_SITE}. */
  putManifest(name: SiteName, root: string, manifest: Manifest): Promise<void>

  counters(): Promise<Counters>
  /** Adds to the counters and returns them. */
  addCounters(delta: Partial<Counters>): Promise<Counters>

  /** Settings of this origin: `opted-out` and so on. */
  setting(name: string): Promise<SettingValue | undefined>
  setSetting(name: string, value: SettingValue | undefined): Promise<void>

  /** The answer that was kept ready for a path. */
  readyAnswer(path: string): Promise<ReadyAnswer | undefined>
  /** Keeps an answer ready; the one kept longest ago makes room beyond {@link MAX_READY_ANSWERS}. */
  putReadyAnswer(answer: ReadyAnswer): Promise<void>
  /** Forgets all of them: another worker may answer differently. */
  forgetReadyAnswers(): Promise<void>

  /** The origin's own server has other content than this version: its answers win until the next version. */
  originStale(root: string): Promise<boolean>
  setOriginStale(root: string, stale: boolean): Promise<void>
  /** Validators of the origin's answer for a file whose bytes were found to be those of the manifest. */
  originValidators(root: string, path: string): Promise<OriginValidators | undefined>
  setOriginValidators(root: string, path: string, validators: OriginValidators): Promise<void>

  /** Forgets a site (it was retired), counters and settings aside; or, without a name, everything. */
  clear(name?: SiteName): Promise<void>
}
