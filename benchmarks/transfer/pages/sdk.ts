import { createBlackhole } from '@blackhole/sdk'
import { MemoryPieceStore } from '@blackhole/swarm'
import { Stopwatch } from './bytes.ts'
import type { OpenSite } from '@blackhole/sdk'
import type { Received } from './bytes.ts'

/** Room for the file: the default of 64 MiB evicts some of one that large, and a holder has to hold all of it. */
const STORE_BYTES = 512 * 1024 * 1024

/** JSON, by which arguments travel, has no infinity. */
const UNLIMITED = 10 ** 10

/** A transfer by the SDK: peers find each other through the relay, every piece is verified. */
export class SdkPage {
  #site: OpenSite | undefined

  /** Joins the site's swarm, with pieces in memory and, unless one is given, no upload limit. */
  async open(relay: string, name: string, uploadBytesPerSecond = UNLIMITED): Promise<void> {
    const blackhole = await createBlackhole(
      { relays: [relay] },
      { store: new MemoryPieceStore({}, { maxBytes: STORE_BYTES }) },
    )
    this.#site = await blackhole.sites.open(name, { uploadBytesPerSecond })
  }

  /** Waits until so many connected peers hold the whole file. */
  async foundHolder(path: string, holders = 1): Promise<void> {
    const { manifest } = this.#opened().version
    const file = manifest.files[path]
    if (file === undefined) throw new Error(`The site has no ${path}`)
    const { swarm } = this.#opened().peer
    while (!(file.pieces ?? [file.cid]).every((cid) => swarm.availability(cid) >= holders)) {
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

  /** Receives files one after the other: what each took to its first byte. */
  async firstBytes(paths: readonly string[]): Promise<number[]> {
    const took: number[] = []
    for (const path of paths) took.push((await this.receive(path)).firstByteMs)
    return took
  }

  /** Asks for all files at once, as a page does. */
  async receiveAll(paths: readonly string[]): Promise<Received> {
    const watch = new Stopwatch()
    await Promise.all(
      paths.map(async (path) => {
        const response = await this.#opened().fetch(`/${path}`)
        if (!response.ok) throw new Error(`${path}: ${String(response.status)}`)
        watch.arrived((await response.arrayBuffer()).byteLength)
      }),
    )
    return watch.read()
  }

  #opened(): OpenSite {
    if (this.#site === undefined) throw new Error('No site is open')
    return this.#site
  }
}

Object.assign(globalThis, { bench: new SdkPage() })
