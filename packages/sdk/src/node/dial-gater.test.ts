import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { dialGater, mayBeRelay } from './dial-gater.ts'

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

describe('dialGater with relays of a federation', () => {
  const named = `/dns4/fellow.example/tcp/443/wss/p2p/${OTHER}`
  const gater = dialGater({
    isRelay: (peer) => peer === RELAY,
    isFellow: (peer, address) => peer === OTHER && address === named,
    allowPrivate: false,
  })
  const denies = async (address: string): Promise<boolean | undefined> =>
    await gater.denyDialMultiaddr?.(multiaddr(address))

  it('lets those be dialled at the addresses that a chosen relay named, and peers through them', async () => {
    expect(await denies(named)).toBe(false)
    expect(await denies(`${named}/p2p-circuit/webrtc/p2p/${RELAY}`)).toBe(false)
    expect(await denies(`/dns4/victim.example/tcp/443/wss/p2p/${OTHER}`)).toBe(true)
    expect(await denies(`/dns4/victim.example/tcp/443/wss/p2p/${OTHER}/p2p-circuit/webrtc/p2p/${RELAY}`)).toBe(true)
  })

  it('knows what can be the address of a relay', () => {
    expect(mayBeRelay(named, OTHER)).toBe(true)
    expect(
      mayBeRelay(
        `/ip4/203.0.113.1/udp/9/webrtc-direct/certhash/uEiAkH5a4DPGKUuOBjYw0CgwjLa2R_RF71v86aVxlqdKNOQ/p2p/${OTHER}`,
        OTHER,
      ),
    ).toBe(true)
    for (const other of [
      `/dns4/fellow.example/tcp/25/p2p/${OTHER}`,
      `/dns4/fellow.example/tcp/443/wss/p2p/${RELAY}`,
      '/dns4/fellow.example/tcp/443/wss',
      `${named}/p2p-circuit/p2p/${OTHER}`,
      'no address',
    ])
      expect(mayBeRelay(other, OTHER)).toBe(false)
  })
})
