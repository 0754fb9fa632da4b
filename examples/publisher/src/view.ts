import type { SiteFile } from '@blackhole/sdk'
import type { StoredKey } from './key-list.ts'

/** Files that are listed by name; of the rest only the number is shown. */
const LISTED = 5

/**
 * The element with this id.
 *
 * @throws when the page has none, or another kind
 */
export function element<E extends Element>(id: string, kind: new () => E): E {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}`)
  return found
}

/** Bytes for people: `17.5 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 999_500) return `${Math.round(bytes / 1000)} kB`
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** Shows what will be published, the largest files first. */
export function showFiles(files: readonly SiteFile[]): void {
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  element('chosen', HTMLElement).hidden = false
  element('chosen-title', HTMLElement).textContent =
    `${files.length} ${files.length === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}`
  const largest = [...files].sort((a, b) => b.size - a.size)
  const rows = largest.slice(0, LISTED).map(({ path, size }) => row(path, formatBytes(size)))
  if (files.length > LISTED) rows.push(row(`and ${files.length - LISTED} more`, ''))
  element('chosen-list', HTMLElement).replaceChildren(...rows)
}

/** Shows the sites that this browser has keys of; the first choice makes a new one. */
export function showKeys(keys: readonly StoredKey[], chosen: string | undefined): void {
  const options = keys.map(({ label, name }) => new Option(`${label} (${name.slice(0, 12)}…${name.slice(-4)})`, name))
  const select = element('site', HTMLSelectElement)
  select.replaceChildren(new Option('A new site', ''), ...options)
  select.value = chosen ?? ''
}

/** Shows how far a publish is; undefined for what can't be told. */
export function showProgress(text: string, part: number | undefined): void {
  element('progress', HTMLElement).hidden = false
  element('progress-text', HTMLElement).textContent = text
  const bar = element('progress-bar', HTMLProgressElement)
  if (part === undefined) bar.removeAttribute('value')
  else bar.value = part
}

/** Shows what went wrong; an empty text takes it away. */
export function showError(text: string): void {
  const alert = element('error', HTMLElement)
  alert.hidden = text === ''
  alert.textContent = text
}

/** Shows where the site is now. */
export function showResult(url: string, facts: readonly (readonly [string, string])[]): void {
  const result = element('result', HTMLElement)
  const link = element('result-link', HTMLAnchorElement)
  link.href = url
  link.textContent = url
  element('result-facts', HTMLElement).replaceChildren(
    ...facts.map(([term, text]) => {
      const pair = document.createElement('div')
      pair.append(tag('dt', term), tag('dd', text))
      return pair
    }),
  )
  result.hidden = false
  result.focus()
}

function row(name: string, size: string): HTMLElement {
  const item = document.createElement('li')
  item.append(tag('span', name), tag('span', size))
  return item
}

function tag(name: string, text: string): HTMLElement {
  const made = document.createElement(name)
  made.textContent = text
  return made
}
