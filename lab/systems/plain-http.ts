import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startServer } from '../hosts/server-process.ts'
import { writeScript } from './scripts.ts'
import { pageOf } from './site-files.ts'
import type { System } from './system.ts'

const PORT = 8080

/** Name of {@link plainHttp} when it is measured twice. */
export const PLAIN_AGAIN = 'Plain HTTP again'

/**
 * A web server and browsers, nothing else.
 *
 * @param again - it is measured a second time, to tell what two runs of the same differ by
 */
export function plainHttp(again = false): System {
  return {
    name: again ? PLAIN_AGAIN : 'plain HTTP',
    isPlain: true,
    deploy: async ({ origin, site, folder }) => {
      const root = join(folder, 'plain')
      await cp(site.folder, root, { recursive: true })
      await writeScript(root, 'fetch-all')
      const script = '<script type="module" src="/fetch-all.js"></script>'
      await writeFile(join(root, 'index.html'), pageOf(site.pictures, '', script))
      await startServer(origin, join(import.meta.dirname, '../hosts/origin-server.ts'), [root, String(PORT)])
      const url = `http://${origin.address}:${PORT}`
      return { url: `${url}/`, browser: { hosts: { [origin.address]: origin.address }, secureOrigins: [url] } }
    },
  }
}
