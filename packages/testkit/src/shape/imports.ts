import { posix } from 'node:path'
import ts from 'typescript'
import { ENTRIES, PEER_MODULE } from './layers.ts'
import { isTestFile, sources, text, type Workspace } from './workspace.ts'

/** Everything that a file imports or re-exports, type imports and `import()` included. */
export function importsOf(path: string): string[] {
  return ts.preProcessFile(text(path), true, true).importedFiles.map(({ fileName }) => fileName)
}

/** The file that a relative import means. */
export function resolveImport(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier)
}

/** The package that a bare import means: `@scope/name` or `name`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Whether an import names a package from npm or of ours: not a file, not one of Node's modules, not a `#` import. */
export function isPackage(specifier: string): boolean {
  return !/^(\.{1,2}\/|\/|#|node:|virtual:)/.test(specifier)
}

/**
 * Finds import cycles between the files of a workspace, type imports included.
 *
 * @returns each cycle once, as the files along it
 */
export function importCycles(workspace: Workspace): string[][] {
  const graph = new Map(
    sources(workspace).map((file) => {
      const relative = importsOf(file).filter((specifier) => specifier.startsWith('.'))
      return [file, relative.map((specifier) => resolveImport(file, specifier))]
    }),
  )
  const cycles: string[][] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file)
    if (at !== -1) cycles.push([...path.slice(at), file])
    if (at !== -1 || done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return cycles
}

/** Files that reach users: what the package exports and runs, and all that it imports. Everything else serves tests. */
export function shippedFiles(workspace: Workspace): Set<string> {
  const { exports = {}, imports = {} } = workspace.json
  const named = [...Object.values(exports), ...Object.values(imports).flatMap((byWorld) => Object.values(byWorld))]
  const patterns = named.map((path) => posix.join(workspace.folder, path))
  const entries = [...ENTRIES, PEER_MODULE]
  return reach(
    sources(workspace).filter(
      (file) => entries.includes(file) || patterns.some((path) => posix.matchesGlob(file, path)),
    ),
    workspace,
  )
}

/** Files that neither users nor tests reach. */
export function deadFiles(workspace: Workspace): string[] {
  const files = sources(workspace)
  const alive = new Set([...shippedFiles(workspace), ...reach(files.filter(isTestFile), workspace)])
  return files.filter((file) => !alive.has(file))
}

/** The files and all that they import, within the workspace. */
export function reach(from: readonly string[], workspace: Workspace): Set<string> {
  const existing = new Set(sources(workspace))
  const found = new Set<string>()
  const waiting = from.filter((file) => existing.has(file))
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue
    found.add(file)
    const current = file
    const relative = importsOf(current).filter((specifier) => specifier.startsWith('.'))
    waiting.push(...relative.map((specifier) => resolveImport(current, specifier)).filter((next) => existing.has(next)))
  }
  return found
}

/** Statements of a module that do something when it is imported, as `file:line`. Declarations don't. */
export function topLevelEffects(path: string): string[] {
  const source = ts.createSourceFile(path, text(path), ts.ScriptTarget.Latest)
  return source.statements
    .filter((statement) => !isDeclaration(statement))
    .map((statement) => `${path}:${source.getLineAndCharacterOfPosition(statement.getStart(source)).line + 1}`)
}

/** Statements of an `index.ts` that are no re-exports, as `file:line`. */
export function notReExports(path: string): string[] {
  const source = ts.createSourceFile(path, text(path), ts.ScriptTarget.Latest)
  return source.statements
    .filter((statement) => !ts.isExportDeclaration(statement))
    .map((statement) => `${path}:${source.getLineAndCharacterOfPosition(statement.getStart(source)).line + 1}`)
}

function isDeclaration(statement: ts.Statement): boolean {
  return (
    ts.isImportDeclaration(statement) ||
    ts.isExportDeclaration(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isModuleDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isVariableStatement(statement)
  )
}
