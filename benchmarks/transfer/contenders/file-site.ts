import { randomFillSync } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publishFolder, startRelay } from '@blackhole/testkit'
import type { PublishResult, RelayProcess } from '@blackhole/testkit'
import type { Received } from '../pages/bytes.ts'

/** The file that is transferred. */
export const FILE = 'file.bin'

/** Knobs of a {@link FileSite}. */
export interface FileSiteInit {
  /** Web origins besides the site's own whose pages join its swarm. */
  readonly origins?: readonly string[]
  /** What visitors may upload, as the tag says it. Default: as good as no limit. */
  readonly uploadLimit?: string
  /** Further arguments of the relay. */
  readonly relayArgs?: readonly string[]
}

/** A relay in a process of its own with one site: a page and a file of random bytes. */
export class FileSite {
  readonly relay: RelayProcess
  readonly name: string
  readonly #folder: string

  private constructor(relay: RelayProcess, name: string, folder: string) {
    this.relay = relay
    this.name = name
    this.#folder = folder
  }

  /**
   * Starts the relay and publishes.
   *
   * @param origins - web origins besides the site's own whose pages join its swarm
   */
  static async start(size: number, origins: readonly string[] = []): Promise<FileSite> {
    return FileSite.startWith({ [FILE]: size }, { origins })
  }

  /**
   * Starts a relay and publishes files of random bytes.
   *
   * @param files - their sizes by name
   */
  static async startWith(
    files: Readonly<Record<string, number>>,
    { origins = [], uploadLimit = '10G', relayArgs = [] }: FileSiteInit = {},
  ): Promise<FileSite> {
    const folder = await mkdtemp(join(tmpdir(), 'blackhole-transfer-'))
    const site = join(folder, 'site')
    const relay = await startRelay({ data: join(folder, 'relay'), args: ['--log-level', 'error', ...relayArgs] })
    await mkdir(site)
    const publish = (): Promise<PublishResult> => {
      const args = origins.flatMap((origin) => ['--origin', origin])
      return publishFolder(site, { relay: relay.url, key: join(folder, 'site.key'), home: join(folder, 'home'), args })
    }
    await writeFile(join(site, 'index.html'), page('', uploadLimit))
    const { name } = await publish()
    // The tag names the site, whose name is known now.
    await writeFile(join(site, 'index.html'), page(name, uploadLimit))
    for (const [file, size] of Object.entries(files))
      await writeFile(join(site, file), randomFillSync(new Uint8Array(size)))
    await publish()
    return new FileSite(relay, name, folder)
  }

  /**
   * Runs a transfer while the relay serves no content.
   *
   * @throws when the relay sent some all the same: then it was not the other browser's
   */
  async withoutContent<T = Received>(transfer: () => Promise<T>): Promise<T> {
    const before = (await this.relay.metrics()).contentBytes
    const received = await transfer()
    const after = (await this.relay.metrics()).contentBytes
    if (after.http + after.p2p > before.http + before.p2p) throw new Error('The relay sent content during the transfer')
    return received
  }

  async stop(): Promise<void> {
    await this.relay.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** A page with the tag: what it may upload is said here, where visitors give 1 MiB/s by default. */
function page(name: string, uploadLimit: string): string {
  const scripts = '/.blackhole/blackhole'
  const tag =
    name === ''
      ? ''
      : `<script async src="${scripts}.js" data-site="${name}" data-worker="${scripts}-sw.js" data-upload-limit="${uploadLimit}"></script>`
  return `<!doctype html><html lang="en"><head>${tag}<title>Transfer</title></head><body></body></html>`
}
