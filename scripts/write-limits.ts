/** Writes `docs/limits.md` from the comments in the packages' `limits.ts`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LIMITS_DOCUMENT, limitsDocument } from '../packages/testkit/src/shape/limits-document.ts'
import { ROOT } from '../packages/testkit/src/shape/workspace.ts'

writeFileSync(join(ROOT, LIMITS_DOCUMENT), await limitsDocument())
