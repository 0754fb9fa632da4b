import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import process from 'node:process'
import { launchChromium } from '../../packages/testkit/src/browsers/chromium.ts'
import { publishFolder } from '../../packages/testkit/src/processes/publish-process.ts'
import { startRelay } from '../../packages/testkit/src/processes/relay-process.ts'
import { formatBytes, formatTable, plural } from '../../packages/cli/src/format.ts'
import { HELLO_SITE, ROOT } from './paths.ts'
import { visit } from './visit.ts'
import type { Visit } from './visit.ts'

/** Two visitors, one after the other: the second comes when the relay serves no content any more. */
export async function runDemo({ json }: { json: boolean }): Promise<void> {
  // Standard output is for the outcome.
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/ensure-browsers.ts'), 'chromium'], {
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error('The demo needs a browser: see above.')
  const home = await mkdtemp(join(tmpdir(), 'blackhole-demo-'))
  const relay = await startRelay({ args: ['--log-level', 'warn'] })
  const browser = await launchChromium()
  try {
    const site = await publishFolder(HELLO_SITE, { relay: relay.url, home })
    const paths = await listFiles(HELLO_SITE)
    console.error('The first visitor comes…')
    const first = await browser.newVisitor()
    const visits: Visit[] = [await visit(first, site.url, paths)]
    await relay.serveContent(false)
    const before = (await relay.metrics()).contentBytes
    console.error('The relay serves no more content. The second visitor comes…')
    const second = await browser.newVisitor()
    visits.push(await visit(second, site.url, paths))
    const after = (await relay.metrics()).contentBytes
    const relaySent = after.http + after.p2p - before.http - before.p2p
    console.log(formatVisits(site, visits, relaySent))
    if (json) console.log(JSON.stringify({ files: site.files, bytes: site.bytes, visitors: visits }))
  } finally {
    await browser.close()
    await relay.stop()
    await rm(home, { recursive: true, force: true })
  }
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
}

function formatVisits(site: { files: number; bytes: number }, visits: readonly Visit[], relaySent: number): string {
  const header = ['visitor', 'browser', 'from the relay', 'from the other visitor', 'time']
  const rows = visits.map(({ browser, received, ms }, index) => [
    index === 0 ? 'first' : 'second',
    browser,
    formatBytes(received.http),
    formatBytes(received.peers),
    `${(ms / 1000).toFixed(1)} s`,
  ])
  return [
    '',
    `hello-site: ${plural(site.files, 'file')}, ${formatBytes(site.bytes)}`,
    '',
    formatTable(header, rows, header.slice(2)),
    '',
    `While the second visitor was there, the relay itself sent ${formatBytes(relaySent)} of the site.`,
  ].join('\n')
}
