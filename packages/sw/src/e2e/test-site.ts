import { OwnedSite } from '@blackhole/testkit'
import type { PublishResult, RelayProcess } from '@blackhole/testkit'

/** Paths and contents of a site. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** A site with a key of its own, published with the command as often as a test likes. */
export class TestSite {
  readonly #owned: OwnedSite

  private constructor(owned: OwnedSite) {
    this.#owned = owned
  }

  /** Makes the key. */
  static async create(relay: RelayProcess): Promise<TestSite> {
    return new TestSite(await OwnedSite.create(relay))
  }

  /** `k51…`, known before anything is published. */
  get name(): string {
    return this.#owned.name
  }

  /** Origin at the relay, with a slash at the end. */
  get url(): string {
    return this.#owned.url
  }

  /** Publishes exactly these files as the next version. */
  async publish(files: Files, args: readonly string[] = []): Promise<PublishResult> {
    await this.#owned.clear()
    for (const [path, content] of Object.entries(files)) await this.#owned.write(path, content)
    return await this.#owned.publish(args)
  }

  /** Ends the site for good. */
  async unpublish(): Promise<void> {
    await this.#owned.unpublish()
  }

  /** Removes key and files. */
  async remove(): Promise<void> {
    await this.#owned.remove()
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
