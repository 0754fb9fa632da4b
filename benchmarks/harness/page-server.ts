import { createServer } from 'node:http'
import { join } from 'node:path'
import { build } from 'vite'
import type { AddressInfo } from 'node:net'

/** A web server with one page per entry script, on a loopback port of its own. */
export interface PageServer {
  /** Address of the page that runs this entry. */
  url(entry: string): string
  close(): Promise<void>
}

/**
 * Bundles scripts for the browser.
 *
 * @param folder - where the scripts lie
 * @param entries - their names without `.ts`
 * @returns their code by path, `/entry.js` for each entry, and what they share
 */
export async function bundlePages(
  folder: string,
  entries: readonly string[],
): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    root: folder,
    build: {
      write: false,
      // Readable names in profiles; minified code runs no faster.
      minify: false,
      target: 'esnext',
      modulePreload: false,
      rolldownOptions: {
        input: Object.fromEntries(entries.map((entry) => [entry, join(folder, `${entry}.ts`)])),
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunk-[name]-[hash].js' },
        preserveEntrySignatures: 'strict',
      },
    },
  })
  const files = new Map<string, string | Uint8Array>()
  for (const { output } of [built].flat().filter((result) => 'output' in result)) {
    for (const file of output) files.set(`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source)
  }
  return files
}

/**
 * Bundles scripts for the browser and serves each in an empty page.
 *
 * @param folder - where the scripts lie
 * @param entries - their names without `.ts`
 */
export async function servePages(folder: string, entries: readonly string[]): Promise<PageServer> {
  const files = await bundlePages(folder, entries)
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    const file = files.get(path)
    if (file !== undefined) {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(file)
    } else if (path.endsWith('.html') && files.has(path.replace(/\.html$/, '.js'))) {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(
          `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="${path.replace(/\.html$/, '.js')}"></script>`,
        )
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: (entry) => `http://127.0.0.1:${String(port)}/${entry}.html`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}
