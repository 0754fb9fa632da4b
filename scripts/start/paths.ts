import { join } from 'node:path'

/** The repository's root. */
export const ROOT = join(import.meta.dirname, '../..')

/** The site that is published. */
export const HELLO_SITE = join(ROOT, 'examples/hello-site/site')

/** State of the relay and the key of the site: a folder that git ignores. */
export const STATE = join(ROOT, '.blackhole-data')
