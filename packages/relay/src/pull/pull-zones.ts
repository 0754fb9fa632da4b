import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey, Startable } from '@libp2p/interface'
import { siteNameOf } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { PULL_TICK_MS } from '../limits.ts'
import type { DataFolder } from '../state/data-folder.ts'
import { AssetCache } from './asset-cache.ts'
import type { AssetCacheComponents } from './asset-cache.ts'
import { checkOwnership } from './ownership.ts'
import { PullZone } from './pull-zone.ts'
import type { PullZoneComponents, PullZoneStatus } from './pull-zone.ts'
import { ZonePublisher } from './zone-publisher.ts'
import type { ZonePublisherComponents } from './zone-publisher.ts'

/** What {@link PullZones} work with. */
export interface PullZonesComponents
  extends AssetCacheComponents, Omit<ZonePublisherComponents, 'key'>, Pick<PullZoneComponents, 'log'> {
  readonly folder: DataFolder
}

/** Options of {@link PullZones}. */
export interface PullZonesInit {
  /** Origins to pull from, such as `https://example.com`. */
  readonly pull: readonly string[]
  readonly allowPrivate: boolean
}

/** The pull zones of a relay. The key of each is made once, and lies in the relay's folder. */
export class PullZones implements Startable {
  readonly #components: PullZonesComponents
  readonly #init: PullZonesInit
  readonly #zones = new Map<SiteName, PullZone>()
  #timer: NodeJS.Timeout | undefined

  constructor(components: PullZonesComponents, init: PullZonesInit) {
    this.#components = components
    this.#init = init
  }

  /** Makes the zones and begins to look for their proofs. */
  async start(): Promise<void> {
    if (this.#init.pull.length === 0) return
    const bodies = join(this.#components.folder.path, 'pulling')
    // Left by a process that was killed.
    await rm(bodies, { recursive: true, force: true })
    await mkdir(bodies, { recursive: true, mode: 0o700 })
    for (const origin of this.#init.pull) {
      const key = await this.#keyOf(origin)
      const site = siteNameOf(key.publicKey)
      this.#zones.set(site, this.#zone(origin, site, key, bodies))
    }
    this.#timer = setInterval(() => {
      this.tick()
    }, PULL_TICK_MS)
    this.#timer.unref()
    this.tick()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([...this.#zones.values()].map((zone) => zone.stop()))
  }

  /** Does what is due in all zones. */
  tick(): void {
    for (const zone of this.#zones.values()) zone.tick()
  }

  /** The zone whose site this is. */
  get(site: SiteName): PullZone | undefined {
    return this.#zones.get(site)
  }

  /** What operators see of each, in the order of the options. */
  get status(): readonly PullZoneStatus[] {
    return [...this.#zones.values()].map(({ status }) => status)
  }

  #zone(origin: string, site: SiteName, key: PrivateKey, folder: string): PullZone {
    const components = this.#components
    const { allowPrivate } = this.#init
    return new PullZone(
      {
        ...components,
        cache: new AssetCache(components, { origin, site, folder, allowPrivate }),
        publisher: new ZonePublisher({ ...components, key }, { origin, site }),
        checkOwnership: (signal) => checkOwnership(components, { origin, site, allowPrivate, signal }),
      },
      { origin, site },
    )
  }

  async #keyOf(origin: string): Promise<PrivateKey> {
    const name = createHash('sha256').update(origin).digest('hex').slice(0, 32)
    const text = await this.#components.folder.secret(`pull-key-${name}`, async () =>
      Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519'))).toString('base64'),
    )
    return privateKeyFromProtobuf(Buffer.from(text, 'base64'))
  }
}
