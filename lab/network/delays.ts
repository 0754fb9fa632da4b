import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { runTool } from './ip.ts'
import { LabHost } from './lab-host.ts'
import type { ChildProcess } from 'node:child_process'
import type { Namespaces } from './namespaces.ts'

/** VXLAN's port (RFC 7348), and where its two sides are. */
const PORT = 4789
const KERNEL_SIDE = '169.254.0.2'
const HOP_SIDE = '169.254.0.1'

/** A device for whole Ethernet frames of 1,500 bytes, and one that carries them wrapped. */
const FRAME_MTU = 1500
const WRAPPED_MTU = 1600

/** Cables with latency; all run through one process, started with the first. */
export class Delays {
  readonly #namespaces: Namespaces
  #hop: Promise<{ readonly kernelSide: string; readonly process: ChildProcess }> | undefined
  #cables = 0

  constructor(namespaces: Namespaces) {
    this.#namespaces = namespaces
  }

  /**
   * Makes a cable between two devices, which must not exist yet.
   *
   * @param delayMs - time from one end to the other, each way
   */
  async connect(
    one: { readonly namespace: string; readonly device: string },
    other: { readonly namespace: string; readonly device: string },
    delayMs: number,
  ): Promise<void> {
    const vni = 2 * ++this.#cables
    this.#hop ??= this.#start()
    const { kernelSide, process: hop } = await this.#hop
    for (const [end, number] of [
      [one, vni],
      [other, vni + 1],
    ] as const) {
      // Made here and moved: it sends from where it was made, so the host sees the cable alone.
      const made = `v${number}`
      await runTool('ip', [
        ...['-n', kernelSide, 'link', 'add', made, 'type', 'vxlan', 'id', String(number)],
        ...['remote', HOP_SIDE, 'dstport', String(PORT), 'nolearning'],
      ])
      await runTool('ip', ['-n', kernelSide, 'link', 'set', made, 'netns', end.namespace, 'name', end.device])
      // Each frame is a packet of its own on the way through the process.
      await runTool('ip', [
        ...['-n', end.namespace, 'link', 'set', end.device],
        ...['mtu', String(FRAME_MTU), 'gso_max_segs', '1'],
      ])
    }
    const set = once(hop, 'message')
    hop.send({ vni, delayMs })
    await set
  }

  async #start(): Promise<{ kernelSide: string; process: ChildProcess }> {
    const kernelSide = await this.#namespaces.add('cables')
    const hopSide = await this.#namespaces.add('hop')
    await runTool('ip', [
      'link',
      'add',
      'u0',
      'netns',
      kernelSide,
      'type',
      'veth',
      'peer',
      'name',
      'u0',
      'netns',
      hopSide,
    ])
    for (const [namespace, address] of [
      [kernelSide, KERNEL_SIDE],
      [hopSide, HOP_SIDE],
    ] as const) {
      await runTool('ip', ['-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'u0'])
      await runTool('ip', ['-n', namespace, 'link', 'set', 'u0', 'mtu', String(WRAPPED_MTU), 'up'])
    }
    const host = new LabHost({ name: 'hop', namespace: hopSide, address: HOP_SIDE })
    const program = [join(import.meta.dirname, 'delay-hop.ts'), String(PORT), KERNEL_SIDE]
    const hop = host.spawn(process.execPath, program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const ended = once(hop, 'exit').then(() => {
      throw new Error('The hop that adds latency ended')
    })
    ended.catch(() => undefined)
    await Promise.race([once(hop, 'message'), ended])
    return { kernelSide, process: hop }
  }
}
