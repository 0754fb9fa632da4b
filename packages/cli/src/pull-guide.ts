import { proofContent, PROOF_PATH } from '@blackhole/relay'
import type { SiteName } from '@blackhole/protocol'

/** What the owner of an origin does so that a relay pulls from it. */
export interface PullGuide {
  readonly origin: string
  readonly name: SiteName
  /** The file that shows that the owner wants it. */
  readonly proof: { readonly url: string; readonly content: string }
  /** For the pages' head. */
  readonly tag: string
  /** Content of `/blackhole-sw.js`. */
  readonly worker: string
}

/**
 * Makes the guide of one pull zone.
 *
 * @param relay - the relay's URL without a final slash
 */
export function pullGuide(origin: string, name: SiteName, relay: string): PullGuide {
  return {
    origin,
    name,
    proof: { url: `${origin}${PROOF_PATH}`, content: proofContent(name) },
    tag: `<script async src="${relay}/blackhole.js" data-site="${name}"></script>`,
    worker: `importScripts(${JSON.stringify(`${relay}/blackhole-sw.js`)})`,
  }
}

/** The guide for a person. */
export function pullInstructions({ origin, proof, tag, worker }: PullGuide): string {
  return [
    `Pull zone of ${origin}. Put there, and nothing is served before:`,
    `  ${new URL(proof.url).pathname}\n    ${proof.content}`,
    `  /blackhole-sw.js\n    ${worker}`,
    `  in each page’s <head>\n    ${tag}`,
  ].join('\n')
}
