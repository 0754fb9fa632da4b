import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LabRelay } from '../hosts/lab-relay.ts'
import { writeScript } from './scripts.ts'
import { pageOf } from './site-files.ts'
import type { SiteFiles } from './site-files.ts'
import type { System } from './system.ts'

/** Name of {@link blackhole} with a page whose pictures wait for nothing. */
export const TAG_ALONE = 'Blackhole by the tag alone'

/**
 * Blackhole: a relay at the origin hosts the site, and visitors join by its tag.
 *
 * @param waits - the page shows its pictures once Blackhole is ready, as a torrent's page has them only then; false for
 * the page of plain HTTP with the tag and nothing else changed, which loads them like any page
 */
export function blackhole(waits = true): System {
  return {
    name: waits ? 'Blackhole' : TAG_ALONE,
    deploy: async ({ origin, site, folder }) => {
      const root = join(folder, 'blackhole')
      const relay = await LabRelay.start(origin, join(folder, 'relay'))
      const hosted = await relay.createSite()
      await writeTagged(root, site, hosted.name, waits)
      await hosted.publish(root)
      return {
        url: `${hosted.origin}/`,
        browser: { hosts: relay.hosts, secureOrigins: [hosted.origin] },
        publish: async (path, text) => {
          await writeFile(join(root, path), text)
          await hosted.publish(root)
        },
      }
    },
  }
}

/** Writes the site with a page that has the tag. Visitors give 1 MiB/s by default; here they give what their line has, as WebTorrent's do. */
export async function writeTagged(root: string, site: SiteFiles, name: string, waits = true): Promise<void> {
  await cp(site.folder, root, { recursive: true })
  await writeScript(root, 'fetch-all')
  const tag = `<script async src="/.blackhole/blackhole.js" data-site="${name}" data-worker="/.blackhole/blackhole-sw.js" data-upload-limit="10G"></script>`
  const script = '<script type="module" src="/fetch-all.js"></script>'
  await writeFile(join(root, 'index.html'), pageOf(site.pictures, tag, script, waits))
}
