import { runTool, toolPath } from './ip.ts'
import { setKernel } from './namespaces.ts'

/**
 * How a router's NAT chooses the outside port (RFC 4787, section 4.1).
 *
 * - `cone`: one port for one socket inside, whoever it talks to (endpoint-independent mapping): hole punching works.
 * - `symmetric`: another, random port for each address that it talks to: what STUN says holds for the STUN server alone.
 *
 * Both let in only answers (address- and port-dependent filtering, section 5), as home routers do.
 */
export type NatKind = 'cone' | 'symmetric'

/**
 * Makes a namespace a router with a NAT from its device `lan` to `wan`.
 *
 * Packets from outside that nobody asked for are dropped before they leave a
 * trace: the kernel would otherwise keep an entry for them, and map the answer
 * of a hole punch that crossed with them to another port.
 */
export async function setUpNat(namespace: string, kind: NatKind): Promise<void> {
  const masquerade = kind === 'cone' ? 'masquerade' : 'masquerade fully-random'
  const rules = `table ip lab {
  chain postrouting {
    type nat hook postrouting priority 100;
    oifname "wan" ${masquerade}
  }
  chain input {
    type filter hook input priority 0;
    iifname "wan" ct state new drop
  }
  chain forward {
    type filter hook forward priority 0;
    iifname "wan" ct state new drop
  }
}
`
  await runTool('ip', ['netns', 'exec', namespace, toolPath('nft') ?? 'nft', '-f', '-'], rules)
  await setKernel(namespace, 'net/ipv4/ip_forward', 1)
}
