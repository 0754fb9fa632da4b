import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { publishFolder, runCommand } from '@blackhole/testkit'
import type { PublishResult, RelayProcess } from '@blackhole/testkit'

/** Paths and contents of a site. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** A site with a key of its own, published with the command as often as a test likes. */
export class TestSite {
  /** `k51…`, known before anything is published. */
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
  static async create(relay: RelayProcess): Promise<TestSite> {
    const home = await mkdtemp(join(tmpdir(), 'blackhole-site-'))
    const key = join(home, 'site.pem')
    const { stdout, stderr } = await runCommand(['key', 'create', key, '--json'])
    if (stdout === '') throw new Error(stderr)
    return new TestSite(relay, home, key, (JSON.parse(stdout) as { name: string }).name)
  }

  /** Origin at the relay, with a slash at the end. */
  get url(): string {
    return this.#relay.siteUrl(this.name)
  }

  /** Publishes exactly these files as the next version. */
  async publish(files: Files, args: readonly string[] = []): Promise<PublishResult> {
    const folder = join(this.#home, 'files')
    await rm(folder, { recursive: true, force: true })
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), content)
    }
    return await publishFolder(folder, { relay: this.#relay.url, home: this.#home, key: this.#key, args })
  }

  /** Ends the site for good. */
  async unpublish(): Promise<void> {
    const { code, stderr } = await runCommand(['unpublish', '--relay', this.#relay.url, '--key', this.#key, '--json'])
    if (code !== 0) throw new Error(stderr)
  }

  /** Removes key and files. */
  async remove(): Promise<void> {
    await rm(this.#home, { recursive: true, force: true })
  }
}

/** A small page. The icon keeps the browser from asking for one. */
export function html(title: string, rest = ''): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><link rel="icon" href="data:,"><title>${title}</title></head>
<body><h1>${title}</h1>${rest}</body>
</html>
`
}
