import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publishFolder, runCommand } from '@blackhole/testkit'
import { addTag } from './add-tag.ts'
import { startOriginServer } from './origin-server.ts'
import type { OriginServer } from './origin-server.ts'

/** The site as it was before. */
export const PUBLIC = join(import.meta.dirname, 'public')

export interface SetUpOptions {
  /** Origin of the relay. */
  readonly relay: string
  /** Folder for the key. */
  readonly home: string
  /** Port of the site's own server; default any. */
  readonly port?: number
}

/** The site with the tag, on its own server, and published. */
export interface TaggedSite {
  readonly origin: OriginServer
  readonly name: string
  /** Of all files. */
  readonly bytes: number
  stop(): Promise<void>
}

/** Does what the owner of an existing site does: a key, the tag, the server that was there anyway, a publish. */
export async function setUp({ relay, home, port = 0 }: SetUpOptions): Promise<TaggedSite> {
  const key = join(home, 'script-tag.pem')
  const { stdout } = await runCommand(['key', existsSync(key) ? 'show' : 'create', key, '--json'])
  const { name } = JSON.parse(stdout) as { name: string }
  const folder = await mkdtemp(join(tmpdir(), 'blackhole-script-tag-'))
  await addTag(PUBLIC, folder, { relay, site: name })
  const origin = await startOriginServer(folder, port)
  const { bytes } = await publishFolder(folder, { relay, home, key, args: ['--origin', origin.url] })
  return {
    origin,
    name,
    bytes,
    async stop() {
      await origin.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
