import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runCommand } from './command.ts'
import { publishFolder, type PublishResult } from './publish-process.ts'
import type { RelayProcess } from './relay-process.ts'

/** A site in a temporary folder, with a key of its own that comes first: its name is known before anything is published. */
export class OwnedSite {
  /** `k51…` */
  readonly name: string
  readonly #relay: RelayProcess
  readonly #home: string
  readonly #key: string

  private constructor(relay: RelayProcess, home: string, key: string, name: string) {
    this.#relay = relay
    this.#home = home
    this.#key = key
    this.name = name
  }

  /** Makes the key. */
  static async create(relay: RelayProcess): Promise<OwnedSite> {
    const home = await mkdtemp(join(tmpdir(), 'blackhole-site-'))
    const key = join(home, 'site.pem')
    const { stdout, stderr } = await runCommand(['key', 'create', key, '--json'])
    if (stdout === '') throw new Error(stderr)
    return new OwnedSite(relay, home, key, (JSON.parse(stdout) as { name: string }).name)
  }

  /** Origin at the relay, with a slash at the end. */
  get url(): string {
    return this.#relay.siteUrl(this.name)
  }

  /** Writes a file of the site. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    const file = join(this.#folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  }

  /** Removes all files of the site here. */
  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Publishes what was written as the next version, at its relay or another one. */
  async publish(args: readonly string[] = [], relay: RelayProcess = this.#relay): Promise<PublishResult> {
    return await publishFolder(this.#folder, { relay: relay.url, home: this.#home, key: this.#key, args })
  }

  /** Ends the site for good. */
  async unpublish(): Promise<void> {
    const { code, stderr } = await runCommand(['unpublish', '--relay', this.#relay.url, '--key', this.#key, '--json'])
    if (code !== 0) throw new Error(stderr)
  }

  /** Removes key and files here; the relay keeps the site. */
  async remove(): Promise<void> {
    await rm(this.#home, { recursive: true, force: true })
  }

  get #folder(): string {
    return join(this.#home, 'files')
  }
}
