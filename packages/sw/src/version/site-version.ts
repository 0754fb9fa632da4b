import type { Manifest } from '@blackhole/protocol'
import type { SiteRules } from '@blackhole/site'

/** One version of the site, ready to be served. */
export interface SiteVersion {
  /** Root CID. */
  readonly root: string
  readonly manifest: Manifest
  readonly rules: SiteRules
}
