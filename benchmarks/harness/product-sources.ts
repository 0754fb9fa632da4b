import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Lets this process import the product's sources as they are. Node strips types by itself, but the generated codecs
 * have namespaces, which need to be transformed. Call it once, before the first such import.
 */
export function importProductSources(): void {
  registerHooks({
    load: (url, context, next) => {
      if (!/\/protocol\/src\/pb\/[\w-]+\.ts$/.test(url)) return next(url, context)
      const source = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'), { mode: 'transform' })
      return { format: 'module', source, shortCircuit: true }
    },
  })
}
