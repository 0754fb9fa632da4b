import type { LabBrowserOptions } from '../hosts/lab-browser.ts'
import type { LabHost } from '../network/lab-host.ts'
import type { SiteFiles } from './site-files.ts'

/** Where a system is put up. */
export interface Ground {
  /** The host whose traffic the owner pays. */
  readonly origin: LabHost
  readonly site: SiteFiles
  /** For what it writes; removed after the run. */
  readonly folder: string
}

/** A system that is up: everything at the origin runs, nobody has come. */
export interface Deployment {
  /** What visitors open. */
  readonly url: string
  /** What their browsers must know. */
  readonly browser: LabBrowserOptions
  /** Publishes the next version, with one text file more, where a system has versions. */
  readonly publish?: (path: string, text: string) => Promise<void>
}

/** A way to give a site to its visitors. Its processes end with the network. */
export interface System {
  readonly name: string
  /** The origin sends everything: nobody else's place or state matters. */
  readonly isPlain?: boolean
  deploy(ground: Ground): Promise<Deployment>
}
