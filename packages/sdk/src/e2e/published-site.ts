import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { publishFolder, runCommand, type PublishResult, type RelayProcess } from '@blackhole/testkit'

/** Attributes of the loader's tag, without `data-`; an empty string is an attribute without a value. */
export type TagAttributes = Readonly<Record<string, string>>

/** A site in a temporary folder. Its key comes first, so that its pages can carry tags of their own. */
export class PublishedSite {
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

  static async create(relay: RelayProcess): Promise<PublishedSite> {
    const home = await mkdtemp(join(tmpdir(), 'blackhole-site-'))
    const key = join(home, 'site.pem')
    const { stdout, stderr } = await runCommand(['key', 'create', key, '--json'])
    if (stdout === '') throw new Error(stderr)
    return new PublishedSite(relay, home, key, (JSON.parse(stdout) as { name: string }).name)
  }

  /** Origin at the relay, with a slash at the end. */
  get url(): string {
    return this.#relay.siteUrl(this.name)
  }

  /** Writes a file of the site. */
  async add(path: string, content: string | Uint8Array): Promise<void> {
    const file = join(this.#home, 'files', path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  }

  /** Writes a page whose peer starts at once, with these attributes on its tag. */
  async addPage(path: string, attributes: TagAttributes = {}): Promise<void> {
    const data = Object.entries({ site: this.name, worker: '/.blackhole/blackhole-sw.js', eager: '', ...attributes })
    const tag = data.map(([name, value]) => ` data-${name}${value === '' ? '' : `="${value}"`}`).join('')
    await this.add(
      path,
      `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>${path}</title>
<script async src="/.blackhole/blackhole.js"${tag}></script>
</head>
<body><h1>${path}</h1></body>
</html>
`,
    )
  }

  async publish(): Promise<PublishResult> {
    return await publishFolder(join(this.#home, 'files'), { relay: this.#relay.url, home: this.#home, key: this.#key })
  }

  /** Removes key and files here; the relay keeps the site. */
  async remove(): Promise<void> {
    await rm(this.#home, { recursive: true, force: true })
  }
}
