import { applyHeaderRules, cspBlocksLoader, metaPolicies, readSiteRules, RULES_FILES } from '@blackhole/site'
import type { CspTarget, SiteFile, SiteRules } from '@blackhole/site'

/** Bytes of a document that are searched for policies: they must stand in its head. */
const HEAD_BYTES = 64 * 1024

/** Largest rules file that is read; the parser refuses smaller ones already. */
const RULES_BYTES = 1024 * 1024

/** Pages that a warning names. */
const NAMED_PAGES = 3

/**
 * What of a site will not do what its owner thinks: no front page, rules files
 * that can't be read, and policies that keep Blackhole from running on its pages.
 *
 * @param files - what is published
 * @param target - where it is served
 */
export async function findSiteWarnings(files: readonly SiteFile[], target: CspTarget): Promise<string[]> {
  const rules = await loadRules(files)
  const blocked = new Map<string, string[]>()
  for (const file of files) {
    if (!/\.x?html?$/i.test(file.path)) continue
    for (const problem of cspBlocksLoader(await policiesOf(file, rules), target)) {
      const text = `its Content-Security-Policy (${problem.directive}) blocks the ${problem.blocks}: ${problem.message}`
      blocked.set(text, [...(blocked.get(text) ?? []), file.path])
    }
  }
  return [
    ...noFrontPage(files, rules, target),
    ...(rules.redirectsError === undefined ? [] : [`no redirect will work: ${rules.redirectsError}`]),
    ...(rules.headersError === undefined ? [] : [`part of _headers is left out: ${rules.headersError}`]),
    ...[...blocked].map(([text, pages]) => `${namePages(pages)}: ${text}`),
  ]
}

/** A hosted site's own address leads nowhere without an `index.html`, or a rule for `/`. */
function noFrontPage(files: readonly SiteFile[], rules: SiteRules, { scripts }: CspTarget): string[] {
  // The pages of a site that has a server come from there.
  if (scripts !== undefined || files.some(({ path }) => path === 'index.html')) return []
  if (rules.redirects.some(({ from }) => from.segments.length === 0)) return []
  const [nearest] = files
    .map(({ path }) => path)
    .filter((path) => path.endsWith('/index.html'))
    .sort((a, b) => a.split('/').length - b.split('/').length || a.localeCompare(b))
  const hint =
    nearest === undefined
      ? ''
      : `; there is ${nearest}: is it the folder ${nearest.slice(0, -'/index.html'.length)} that you mean?`
  return [`there is no index.html, so the site's own address shows "not found"${hint}`]
}

async function loadRules(files: readonly SiteFile[]): Promise<SiteRules> {
  const read = async (path: string): Promise<Uint8Array | undefined> => {
    const file = files.find((each) => each.path === path)
    return file === undefined ? undefined : await readStart(file, RULES_BYTES)
  }
  return readSiteRules({ redirects: await read(RULES_FILES.redirects), headers: await read(RULES_FILES.headers) })
}

async function policiesOf(file: SiteFile, rules: SiteRules): Promise<string[]> {
  const headers = new Headers()
  // The address that visitors see.
  applyHeaderRules(headers, rules.headers, `/${file.path.replace(/(^|\/)index\.html$/, '$1')}`)
  const header = headers.get('content-security-policy')
  const html = new TextDecoder().decode(await readStart(file, HEAD_BYTES))
  return [...(header === null ? [] : [header]), ...metaPolicies(html)]
}

async function readStart(file: SiteFile, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of file.open(0, Math.min(file.size, maxBytes))) parts.push(part)
  return Buffer.concat(parts)
}

function namePages(pages: readonly string[]): string {
  const named = pages.slice(0, NAMED_PAGES).join(', ')
  return pages.length > NAMED_PAGES ? `${named} and ${String(pages.length - NAMED_PAGES)} more` : named
}
