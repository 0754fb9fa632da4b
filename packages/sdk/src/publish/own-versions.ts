import type { Manifest, SiteName } from '@blackhole/protocol'
import { readSiteRecord } from '@blackhole/site'
import type { HeldVersion } from '../relay-client/parse-answers.ts'

/** What {@link OwnVersions} works with. */
export interface OwnVersionsComponents {
  /** Reads the manifest below a root; undefined when no relay has it whole. */
  readonly read: (root: string) => Promise<Manifest | undefined>
}

/** A site, and the root that its newest record points at. */
export interface OwnVersionsInit {
  readonly name: SiteName
  readonly root: string
}

/**
 * Tells the site's own versions from what relays make up. A relay's list is not
 * signed: whoever signs a record for a root because a relay named it publishes
 * whatever that relay likes. The owner's are those that a record of theirs
 * points at, and those from which the newest one comes, manifest by manifest.
 */
export class OwnVersions {
  readonly #read: OwnVersionsComponents['read']
  readonly #init: OwnVersionsInit
  readonly #manifests = new Map<string, Promise<Manifest | undefined>>()
  #line: Promise<ReadonlySet<string>> | undefined

  constructor(components: OwnVersionsComponents, init: OwnVersionsInit) {
    this.#read = components.read
    this.#init = init
  }

  /**
   * Whether the owner published this root as this version. Without a record, as with relays of before, the manifest
   * must have the version's number; where none can be read, the number is the relay's word.
   *
   * @throws what reading failed with
   */
  async isOwn({ version, root, record }: HeldVersion): Promise<boolean> {
    if (record !== undefined) {
      // It may have expired since: it is asked what was signed, not what is valid.
      const signed = await readSiteRecord(this.#init.name, record, { now: 0 }).catch(() => undefined)
      if (signed?.sequence === version && signed.root === root) return true
    }
    this.#line ??= this.#readLine()
    if (!(await this.#line).has(root)) return false
    const manifest = await this.manifest(root)
    return manifest === undefined || manifest.sequence === version
  }

  /**
   * The manifest below a root; undefined when no relay has it whole.
   *
   * @throws what reading failed with
   */
  manifest(root: string): Promise<Manifest | undefined> {
    const known = this.#manifests.get(root)
    if (known !== undefined) return known
    const reading = this.#read(root)
    this.#manifests.set(root, reading)
    return reading
  }

  /** Roots that the newest one comes from, back to the first that can't be read, that one too. */
  async #readLine(): Promise<ReadonlySet<string>> {
    const line = new Set<string>()
    for (let root: string | null = this.#init.root; root !== null;) {
      line.add(root)
      root = (await this.manifest(root))?.previous ?? null
    }
    return line
  }
}
