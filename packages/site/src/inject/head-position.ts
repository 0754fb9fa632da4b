/** Elements of a head whose content is text, whatever it looks like (HTML, 13.1.2 "Elements"). */
const TEXT_ELEMENTS = new Set(['script', 'style', 'title', 'noscript', 'template'])

/**
 * Finds where the loader's tag goes: before `</head>`, behind the page's own
 * style sheets, since what a browser asks for first over HTTP/1.1 gets the
 * connection that is open already. A head that says what would change the
 * tag's meaning (a base address, a policy), that ends by itself or not within
 * these bytes, gets it at its beginning: right after `<head…>`; in a document
 * that leaves the tag out, after `<html…>`, else after the doctype (a tag
 * before it would put the page into quirks mode), else at the start.
 *
 * It reads the beginning of a document as the HTML parser does (comments,
 * doctype, quoted attributes, text elements), so that `<header>`, a `<head>` in
 * a comment or a `>` in an attribute don't mislead it.
 *
 * @param html - the beginning of the document, one character per byte
 * @returns the offset
 */
export function findHeadPosition(html: string): number {
  const { offset, inHead } = findHeadStart(html)
  return (inHead ? findHeadEnd(html, offset) : undefined) ?? offset
}

/** Offset of the `</head>` that ends a head of elements that may stand in one; undefined when it is unclear. */
function findHeadEnd(html: string, from: number): number | undefined {
  let at = from
  for (;;) {
    at = html.indexOf('<', at)
    if (at === -1) return undefined
    if (html.startsWith('<!--', at)) {
      const end = html.indexOf('-->', at + 4)
      if (end === -1) return undefined
      at = end + 3
      continue
    }
    if (/^<\/head[\t\n\f\r />]/i.test(html.slice(at, at + 7))) return at
    const name = /^<(link|meta|script|style|title|noscript|template)(?=[\t\n\f\r />])/i.exec(
      html.slice(at, at + 10),
    )?.[1]
    const end = name === undefined ? undefined : endOfTag(html, at + 1 + name.length)
    if (name === undefined || end === undefined) return undefined
    if (/^<meta\b.*content-security-policy/is.test(html.slice(at, end))) return undefined
    at = end
    if (!TEXT_ELEMENTS.has(name.toLowerCase())) continue
    const close = new RegExp(`</${name}[\\t\\n\\f\\r />]`, 'ig')
    close.lastIndex = at
    const found = close.exec(html)
    const closed = found === null ? undefined : endOfTag(html, found.index + 2 + name.length)
    if (closed === undefined) return undefined
    at = closed
  }
}

/** Where a head begins, and whether its tag is there. */
function findHeadStart(html: string): { readonly offset: number; readonly inHead: boolean } {
  // bytes of a UTF-8 byte order mark, seen one by one
  let at = html.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0
  let fallback = at
  for (;;) {
    while (/[\t\n\f\r ]/.test(html.charAt(at))) at++
    if (at >= html.length) break
    if (html.startsWith('<!--', at)) {
      const end = html.indexOf('-->', at + 4)
      if (end === -1) break
      at = end + 3
    } else if (html.startsWith('<!', at) || html.startsWith('<?', at)) {
      const end = html.indexOf('>', at)
      if (end === -1) break
      at = end + 1
      fallback = at
    } else {
      const tag = /^<(html|head)(?=[\t\n\f\r />])/i.exec(html.slice(at, at + 6))
      if (tag === null) break
      const end = endOfTag(html, at + tag[0].length)
      if (end === undefined) break
      if (tag[1]?.toLowerCase() === 'head') return { offset: end, inHead: !html.startsWith('/>', end - 2) }
      at = end
      fallback = end
    }
  }
  return { offset: fallback, inHead: false }
}

/** Offset after the `>` that ends a tag, quoted attribute values skipped. */
function endOfTag(html: string, from: number): number | undefined {
  let quote = ''
  for (let at = from; at < html.length; at++) {
    const char = html.charAt(at)
    if (quote !== '') {
      if (char === quote) quote = ''
    } else if ((char === '"' || char === "'") && /=\s*$/.test(html.slice(Math.max(from, at - 10), at))) {
      quote = char
    } else if (char === '>') {
      return at + 1
    }
  }
  return undefined
}
