/**
 * Finds where a script that must run early goes: right after `<head…>`; in a
 * document that leaves the tag out, after `<html…>`, else after the doctype
 * (a tag before it would put the page into quirks mode), else at the start.
 *
 * It reads the beginning of a document as the HTML parser does (comments,
 * doctype, quoted attributes), so that `<header>`, a `<head>` in a comment or a
 * `>` in an attribute don't mislead it.
 *
 * @param html - the beginning of the document, one character per byte
 * @returns the offset
 */
export function findHeadPosition(html: string): number {
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
      if (tag[1]?.toLowerCase() === 'head') return end
      at = end
      fallback = end
    }
  }
  return fallback
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
