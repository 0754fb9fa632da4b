import ignore from 'ignore'

/** File at the root of what is published that names, in gitignore syntax, what to leave out. */
export const IGNORE_FILE = '.blackholeignore'

/** Left out always: what package managers and version control leave in a folder, and the list itself. */
export const ALWAYS_IGNORED: readonly string[] = Object.freeze(['node_modules', '.git', `/${IGNORE_FILE}`])

/** Says whether a path is left out. A folder that is left out need not be entered. */
export type IgnoreFilter = (path: string, isFolder: boolean) => boolean

/**
 * Makes the filter of what `publish` leaves out. Everything else is kept,
 * hidden files such as `.well-known` too.
 *
 * @param rules - content of the folder's {@link IGNORE_FILE}. Default none
 */
export function createIgnoreFilter(rules = ''): IgnoreFilter {
  // the owner's rules come last, so that `!node_modules` can bring one back
  const filter = ignore({ ignorecase: false })
    .add(ALWAYS_IGNORED)
    .add(rules.replace(/^\uFEFF/, ''))
  return (path, isFolder) => filter.ignores(isFolder ? `${path}/` : path)
}
