import { createBlackhole } from '@blackhole/sdk'
import { MemoryPieceStore } from '@blackhole/swarm'
import { Stopwatch } from './bytes.ts'
import type { OpenSite } from '@blackhole/sdk'
import type { Received } from './bytes.ts'

/** Room for the file: the default of 64 MiB evicts some of one that large, and a holder has to hold all of it. */
const STORE_BYTES = 512 * 1024 * 1024

/** A transfer by the SDK: peers find each other through the relay, every piece is verified. */
export class SdkPage {
  #site: OpenSite | undefined

  /** Joins the site's swarm, with pieces in memory and no upload limit. */
  async open(relay: string, name: string): Promise<void> {
    const blackhole = await createBlackhole(
      { relays: [relay] },
      { store: new MemoryPieceStore({}, { maxBytes: STORE_BYTES }) },
    )
    this.#site = await blackhole.sites.open(name, { uploadBytesPerSecond: Infinity })
  }

  /** Waits until a connected peer holds the whole file. */
  async foundHolder(path: string): Promise<void> {
    const { manifest } = this.#opened().version
    const file = manifest.files[path]
    if (file === undefined) throw new Error(`The site has no ${path}`)
    const { swarm } = this.#opened().peer
    while (!(file.pieces ?? [file.cid]).every((cid) => swarm.availability(cid) > 0)) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async receive(path: string): Promise<Received> {
    const watch = new Stopwatch()
    const response = await this.#opened().fetch(`/${path}`)
    if (response.body === null) throw new Error(`The answer is ${String(response.status)} without a body`)
    const reader = response.body.getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) watch.arrived(part.value.byteLength)
    return watch.read()
  }

  #opened(): OpenSite {
    if (this.#site === undefined) throw new Error('No site is open')
    return this.#site
  }
}

Object.assign(globalThis, { bench: new SdkPage() })
