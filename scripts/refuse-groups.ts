/** Has the generated codecs go past unknown fields by `skipField`, which refuses nested groups (`protocol/src/skip-field.ts`). */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../packages/protocol/src/pb')
const IMPORT = "import { skipField } from '../skip-field.ts'"

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.ts'))) {
  const code = readFileSync(join(FOLDER, name), 'utf8').replaceAll('reader.skipType(tag & 7)', 'skipField(reader, tag)')
  if (!code.includes(IMPORT)) writeFileSync(join(FOLDER, name), code.replace('\n\n', `\n${IMPORT}\n\n`))
}
