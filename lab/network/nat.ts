import { runTool, toolPath } from './ip.ts'
import { setKernel } from './namespaces.ts'

/**
 * How a router's NAT chooses the outside port, and whom it lets in (RFC 4787, sections 4.1 and 5).
 *
 * - `full-cone`: one port for one socket inside, whoever it talks to (endpoint-independent mapping), and anyone may send
 *   there (endpoint-independent filtering): even who is behind a symmetric one gets in.
 * - `cone`: the same port, but only those may send there to whom the socket has sent (address- and port-dependent
 *   filtering), as most home routers have it: two of these are traversed by sending at the same time.
 * - `symmetric`: another, random port for each address that it talks to, and the same filtering: what STUN says holds for
 *   the STUN server alone, so nobody knows where to send.
 */
export type NatKind = 'full-cone' | 'cone' | 'symmetric'

/**
 * Makes a namespace a router with a NAT from its device `lan` to `wan`.
 *
 * Packets from outside that nobody asked for are dropped before they leave a
 * trace: the kernel would otherwise keep an entry for them, and map the answer
 * of a hole punch that crossed with them to another port.
 *
 * @param inside - the only host on `lan`
 */
export async function setUpNat(namespace: string, kind: NatKind, inside: string): Promise<void> {
  const masquerade = kind === 'symmetric' ? 'masquerade fully-random' : 'masquerade'
  const letIn = kind === 'full-cone' ? `iifname "wan" meta l4proto udp dnat to ${inside}` : ''
  const mayEnter = kind === 'full-cone' ? 'iifname "wan" ct state new meta l4proto udp accept' : ''
  const rules = `table ip lab {
  chain prerouting {
    type nat hook prerouting priority -100;
    ${letIn}
  }
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
    ${mayEnter}
    iifname "wan" ct state new drop
  }
}
`
  await runTool('ip', ['netns', 'exec', namespace, toolPath('nft') ?? 'nft', '-f', '-'], rules)
  await setKernel(namespace, 'net/ipv4/ip_forward', 1)
}
