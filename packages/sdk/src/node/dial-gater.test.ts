import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { dialGater } from './dial-gater.ts'

const RELAY = '12D3KooWAZ1kaKtVgFRbJUFwE1SfuCueYaSaWp693ZndPzvtm7kp'
const OTHER = '12D3KooWFoA8CLkVuZ2ytUXP9JPNqecA8gCCsHUoBW3ep7DJKj1Y'

async function denied(address: string, allowPrivate: boolean): Promise<boolean | undefined> {
  return await dialGater({ isRelay: (peer) => peer === RELAY, allowPrivate }).denyDialMultiaddr?.(multiaddr(address))
}

describe('dialGater', () => {
  it('lets the chosen relays be dialled, and peers through them', async () => {
    expect(await denied(`/dns4/relay.example/tcp/443/wss/p2p/${RELAY}`, false)).toBe(false)
    expect(await denied(`/dns4/relay.example/tcp/443/wss/p2p/${RELAY}/p2p-circuit/webrtc/p2p/${OTHER}`, false)).toBe(
      false,
    )
  })

  it('refuses whatever else a stranger may name', async () => {
    expect(await denied(`/dns4/victim.example/tcp/443/wss/p2p/${OTHER}`, false)).toBe(true)
    expect(await denied(`/dns4/victim.example/tcp/443/wss/p2p/${OTHER}/p2p-circuit/webrtc/p2p/${RELAY}`, false)).toBe(
      true,
    )
    expect(await denied('/dns4/victim.example/tcp/443/wss', false)).toBe(true)
  })

  it('dials loopback and private addresses only where the relay is at one', async () => {
    expect(await denied(`/ip4/127.0.0.1/tcp/80/ws/p2p/${RELAY}`, false)).toBe(true)
    expect(await denied(`/ip4/192.168.1.1/tcp/80/ws/p2p/${RELAY}`, false)).toBe(true)
    expect(await denied(`/ip4/127.0.0.1/tcp/80/ws/p2p/${RELAY}`, true)).toBe(false)
  })
})
