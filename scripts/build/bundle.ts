import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, minify, type InlineConfig, type Rolldown } from 'vite'
import { ROOT, type Target } from './targets.ts'

/** A file that was written. */
export interface BuiltFile {
  /** Relative to the root. */
  readonly path: string
  readonly bytes: number
  readonly gzipBytes: number
}

/**
 * Builds one target and writes its files and source maps.
 *
 * @throws when an entry is missing or the bundler fails
 */
export async function bundle(target: Target): Promise<BuiltFile[]> {
  const missing = Object.values(target.entries).filter((entry) => !existsSync(join(ROOT, entry)))
  if (missing.length > 0) throw new Error(`its source is not there: ${missing.join(', ')}`)
  const result = await build(configOf(target))
  const output = Array.isArray(result) ? result[0] : result
  if (output === undefined || !('output' in output)) throw new Error('the bundler gave no output')
  const chunks = output.output.filter((file) => file.type === 'chunk')
  if (target.kind !== 'library' && chunks.length !== 1) {
    throw new Error(`must be one file, but became ${chunks.map((chunk) => chunk.fileName).join(', ')}`)
  }
  const files = await Promise.all(chunks.map((chunk) => write(target, chunk)))
  await removeStale(target, new Set(files.map(({ path }) => basename(path))))
  return files
}

function configOf(target: Target): InlineConfig {
  const forBrowser = target.kind !== 'library'
  const input = Object.fromEntries(Object.entries(target.entries).map(([name, entry]) => [name, join(ROOT, entry)]))
  return {
    root: ROOT,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    mode: 'production',
    define: forBrowser ? { 'process.env.NODE_ENV': '"production"' } : {},
    build: {
      write: false,
      emptyOutDir: false,
      sourcemap: 'hidden',
      reportCompressedSize: false,
      chunkSizeWarningLimit: Infinity,
      modulePreload: false,
      ...(forBrowser
        ? {
            target: ['chrome111', 'firefox114', 'safari16.4'],
            minify: 'oxc' as const,
            lib: {
              entry: input,
              formats: [target.kind === 'script' ? ('iife' as const) : ('es' as const)],
              name: GLOBAL,
            },
          }
        : { target: 'node22', minify: false, ssr: true }),
      rolldownOptions: {
        input,
        ...(forBrowser ? {} : { external: (id: string) => staysImport(id, target) }),
        output: {
          entryFileNames: '[name].js',
          chunkFileNames: `${CHUNKS}/[name]-[hash].js`,
          ...(forBrowser ? { codeSplitting: false } : { format: 'es' as const }),
          ...(target.kind === 'script' ? { exports: 'none' as const } : {}),
        },
      },
    },
  }
}

/** The bundler asks for a name that a script's exports would get; ours export nothing. */
const GLOBAL = 'blackholeScript'

/** Folder of a library's shared parts, whose names carry a hash. */
const CHUNKS = 'chunks'

/** Removes the shared parts of earlier builds, after the new files are there: a program may start in between. */
async function removeStale(target: Target, current: ReadonlySet<string>): Promise<void> {
  const folder = join(ROOT, target.outDir, CHUNKS)
  if (target.kind !== 'library' || !existsSync(folder)) return
  const stale = (await readdir(folder)).filter((name) => !current.has(name.replace(/\.map$/, '')))
  for (const name of stale) await rm(join(folder, name))
}

/** Libraries keep imports of npm packages and Node's modules; our own private packages become part of them. */
function staysImport(id: string, target: Target): boolean {
  if (id.startsWith('#')) return target.keepsOwnImports === true
  return !/^[./\0]/.test(id) && !id.startsWith('@blackhole/')
}

async function write(target: Target, chunk: Rolldown.OutputChunk): Promise<BuiltFile> {
  const path = join(target.outDir, chunk.fileName)
  const code = target.kind === 'module' ? await withoutWhitespace(chunk) : chunk.code
  await mkdir(dirname(join(ROOT, path)), { recursive: true })
  await writeFile(join(ROOT, path), code)
  if (chunk.map !== null) {
    const map = join(ROOT, target.mapDir ?? dirname(path), `${basename(path)}.map`)
    await mkdir(dirname(map), { recursive: true })
    await writeFile(map, chunk.map.toString())
  }
  return { path, bytes: Buffer.byteLength(code), gzipBytes: gzipSync(code).byteLength }
}

/** Vite leaves the white space of ES libraries, for bundlers that read annotations; this one goes to browsers as it is. */
async function withoutWhitespace(chunk: Rolldown.OutputChunk): Promise<string> {
  const { code, errors } = await minify(chunk.fileName, chunk.code, { module: true, compress: false, mangle: false })
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join('\n'))
  return code
}
