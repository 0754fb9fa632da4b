import type { ChromiumVisitor } from '@blackhole/testkit'
import type { LabTab } from '../hosts/lab-browser.ts'
import type { FirefoxTab } from '../hosts/lab-firefox.ts'

/** What a page's WebRTC connections came to. */
export interface Dials {
  /** `RTCPeerConnection`s made. */
  readonly made: number
  /** Of these, those that were open at some time. */
  readonly opened: number
  /** STUN and TURN servers that any was given. */
  readonly servers: readonly string[]
}

/** Has every page that the visitor opens from now on count its WebRTC connections. */
export async function watchDials(visitor: ChromiumVisitor | FirefoxTab): Promise<void> {
  if (visitor.browser === 'firefox') await visitor.prepare(countDials)
  else await visitor.context.addInitScript(countDials)
}

/** Runs in the page. */
function countDials(): void {
  const dials = { made: 0, opened: 0, servers: [] as string[] }
  Object.assign(globalThis, { labDials: dials })
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      dials.made += 1
      dials.servers.push(...(configuration?.iceServers ?? []).flatMap(({ urls }) => urls))
      let wasOpen = false
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState !== 'connected' || wasOpen) return
        wasOpen = true
        dials.opened += 1
      })
    }
  }
}

/** Reads the counts of a visitor's page. */
export async function readDials(visitor: LabTab): Promise<Dials> {
  const { made, opened, servers } = await visitor.evaluate(
    () => (globalThis as unknown as { labDials: Dials }).labDials,
  )
  return { made, opened, servers: [...new Set(servers)] }
}
