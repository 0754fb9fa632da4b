import { OwnedSite } from '@blackhole/testkit'
import type { PublishResult, RelayProcess } from '@blackhole/testkit'

/** Attributes of the loader's tag, without `data-`; an empty string is an attribute without a value. */
export type TagAttributes = Readonly<Record<string, string>>

/** A site in a temporary folder. Its key comes first, so that its pages can carry tags of their own. */
export class PublishedSite {
  readonly #owned: OwnedSite

  private constructor(owned: OwnedSite) {
    this.#owned = owned
  }

  static async create(relay: RelayProcess): Promise<PublishedSite> {
    return new PublishedSite(await OwnedSite.create(relay))
  }

  /** `k51…` */
  get name(): string {
    return this.#owned.name
  }

  /** Origin at the relay, with a slash at the end. */
  get url(): string {
    return this.#owned.url
  }

  /** Writes a file of the site. */
  async add(path: string, content: string | Uint8Array): Promise<void> {
    await this.#owned.write(path, content)
  }

  /** Writes a page whose peer starts at once, with these attributes on its tag and this after its heading. */
  async addPage(path: string, attributes: TagAttributes = {}, rest = ''): Promise<void> {
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
<body><h1>${path}</h1>${rest}</body>
</html>
`,
    )
  }

  /** @param relay - default: the one that it was created with */
  async publish(relay?: RelayProcess): Promise<PublishResult> {
    return await this.#owned.publish([], relay)
  }

  /** Removes key and files here; the relay keeps the site. */
  async remove(): Promise<void> {
    await this.#owned.remove()
  }
}
