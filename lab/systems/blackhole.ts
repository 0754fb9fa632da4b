import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LabRelay } from '../hosts/lab-relay.ts'
import { writeScript } from './scripts.ts'
import { pageOf } from './site-files.ts'
import type { System } from './system.ts'

/** Blackhole: a relay at the origin hosts the site, and visitors join by its tag. */
export function blackhole(): System {
  return {
    name: 'Blackhole',
    deploy: async ({ origin, site, folder }) => {
      const root = join(folder, 'blackhole')
      await cp(site.folder, root, { recursive: true })
      await writeScript(root, 'fetch-all')
      const relay = await LabRelay.start(origin, join(folder, 'relay'))
      const hosted = await relay.createSite()
      // Visitors give 1 MiB/s by default; here they give what their line has, as WebTorrent's do.
      const tag = `<script async src="/.blackhole/blackhole.js" data-site="${hosted.name}" data-worker="/.blackhole/blackhole-sw.js" data-upload-limit="10G"></script>`
      const script = '<script type="module" src="/fetch-all.js"></script>'
      await writeFile(join(root, 'index.html'), pageOf(site.pictures, tag, script, true))
      await hosted.publish(root)
      return { url: `${hosted.origin}/`, browser: { hosts: relay.hosts, secureOrigins: [hosted.origin] } }
    },
  }
}
