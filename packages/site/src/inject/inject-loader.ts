import { SCRIPT_PATHS } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { findHeadPosition } from './head-position.ts'

/** How far into a document a loader tag and the head are looked for; bounds what is held back. */
export const SCAN_BYTES = 64 * 1024

/** The loader tag that gateway and worker add to hosted documents. It is well-formed XML too, for XHTML. */
export function loaderTag(site: SiteName): string {
  return `<script async="" src="${SCRIPT_PATHS.loader}" data-site="${site}" data-worker="${SCRIPT_PATHS.worker}"></script>`
}

/** Whether a document has a loader tag of its own: a script whose `src` is a `blackhole.js`. */
export function hasLoaderTag(html: string | Uint8Array): boolean {
  const text = (typeof html === 'string' ? html : byteText(html.subarray(0, SCAN_BYTES))).replace(
    /<!--.*?(?:-->|$)/gs,
    '',
  )
  // Tag by tag: one pattern for all of it would look at the rest of the document again for each `<script`.
  for (const [tag] of text.matchAll(/<script\b[^>]*/gi))
    if (/\ssrc\s*=\s*["']?[^"'\s>]*\bblackhole\.js\b/i.test(tag)) return true
  return false
}

/**
 * Adds a tag to a document that passes through, unless it has a loader tag
 * already. What was there stays byte for byte. Documents in UTF-16 pass as
 * they are. The first {@link SCAN_BYTES} are held back until they are there
 * (pieces are verified whole, so that nothing comes sooner anyway), which makes
 * the result the same however the document is cut.
 */
export function loaderInjector(tag: string): TransformStream<Uint8Array, Uint8Array> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  let done = false

  const release = (controller: TransformStreamDefaultController<Uint8Array>): void => {
    done = true
    const bytes = join(held, heldBytes)
    held = []
    const offset = tagOffset(bytes.subarray(0, SCAN_BYTES))
    if (offset === undefined) {
      if (bytes.byteLength > 0) controller.enqueue(bytes)
      return
    }
    if (offset > 0) controller.enqueue(bytes.subarray(0, offset))
    controller.enqueue(new TextEncoder().encode(tag))
    if (offset < bytes.byteLength) controller.enqueue(bytes.subarray(offset))
  }

  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      if (done) {
        controller.enqueue(chunk)
        return
      }
      held.push(chunk)
      heldBytes += chunk.byteLength
      if (heldBytes >= SCAN_BYTES) release(controller)
    },
    flush(controller) {
      if (!done) release(controller)
    },
  })
}

/** {@link loaderInjector} for a whole stream. */
export function injectLoader(html: ReadableStream<Uint8Array>, tag: string): ReadableStream<Uint8Array> {
  return html.pipeThrough(loaderInjector(tag))
}

/** Where the tag goes; undefined when the document stays as it is. */
function tagOffset(bytes: Uint8Array): number | undefined {
  if (isUtf16(bytes)) return undefined
  const text = byteText(bytes)
  return hasLoaderTag(text) ? undefined : findHeadPosition(text)
}

function isUtf16(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
}

/** One character per byte, so that offsets are those of the bytes. Markup is ASCII in every encoding that is left. */
function byteText(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
