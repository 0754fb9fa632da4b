import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { publishFolder, runCommand, type PublishResult } from '@blackhole/testkit'
import type { RealSite } from './real-site.ts'

/** The page that is added for whoever holds the site. */
export const HOLDER_PAGE = 'blackhole-holder.html'

/**
 * Publishes a site and one page more, whose tag lets its visitor give without
 * a limit: at the usual 1 MiB a second, `admin-lte` alone would take minutes.
 * The site's own files stay as they are.
 */
export async function publishWithHolder(real: RealSite, relay: string, home: string): Promise<PublishResult> {
  const work = await mkdtemp(join(home, 'site-'))
  const [key, folder] = [join(work, 'site.pem'), join(work, 'files')]
  try {
    const created = await runCommand(['key', 'create', key, '--json'])
    if (created.code !== 0) throw new Error(created.stderr)
    const { name } = JSON.parse(created.stdout) as { name: string }
    await cp(real.folder, folder, {
      recursive: true,
      filter: (path) => !relative(real.folder, path).split(sep).includes('node_modules'),
    })
    await writeFile(join(folder, HOLDER_PAGE), holderPage(name))
    return await publishFolder(folder, { relay, home, key })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function holderPage(site: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Holder</title>
<script async src="/.blackhole/blackhole.js" data-site="${site}" data-worker="/.blackhole/blackhole-sw.js" data-mode="hosted" data-upload-limit="1G"></script>
</head>
<body></body>
</html>
`
}
