import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { ROOT } from '../build/targets.ts'

/** Packages whose code is inside the published bundles, and whose declarations go along. */
const INSIDE = ['protocol', 'swarm', 'site'] as const

/**
 * Writes the declarations of a package, and of the private packages inside
 * it, to `types/` of the staged folder, with imports that resolve there.
 */
export function writeDeclarations(id: string, staged: string): void {
  const types = join(staged, 'types')
  copy(id, types)
  for (const inside of INSIDE) copy(inside, join(types, 'packages', inside))
  for (const file of globSync('**/*.d.ts', { cwd: types })) {
    const path = join(types, file)
    writeFileSync(path, rewrite(readFileSync(path, 'utf8'), relative(dirname(path), join(types, 'packages'))))
  }
}

function copy(id: string, to: string): void {
  cpSync(join(ROOT, 'packages', id, 'dist/types'), to, { recursive: true, filter: (path) => !path.endsWith('.map') })
}

/** Points imports of private packages to their copies, and those of sources to what is there: declarations. */
function rewrite(text: string, packages: string): string {
  return text
    .replaceAll(/(['"])@blackhole\/(\w+)\1/g, (whole, quote: string, id: string) =>
      INSIDE.some((inside) => inside === id)
        ? `${quote}${toImport(posix.join(packages, id, 'index.js'))}${quote}`
        : whole,
    )
    .replaceAll(/(['"])(\.{1,2}\/[^'"\n]+)\.ts\1/g, '$1$2.js$1')
    .replaceAll(/^\/\/# sourceMappingURL=.*$/gm, '')
}

function toImport(path: string): string {
  return path.startsWith('.') ? path : `./${path}`
}
