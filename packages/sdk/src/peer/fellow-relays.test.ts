import { describe, expect, it } from 'vitest'
import type { RelayInfo } from '@blackhole/protocol'
import { FellowRelays } from './fellow-relays.ts'

const OWN = '12D3KooWAZ1kaKtVgFRbJUFwE1SfuCueYaSaWp693ZndPzvtm7kp'
const FELLOW = '12D3KooWFoA8CLkVuZ2ytUXP9JPNqecA8gCCsHUoBW3ep7DJKj1Y'
const VISITOR = '12D3KooWKRyzVWW6ChFjQjK4miCty85Niy48tpPV95XdKu1BcvMA'
const ADDRESS = `/dns4/fellow.example/tcp/443/wss/p2p/${FELLOW}`

function relayThat(fellows: RelayInfo['fellows']): RelayInfo {
  return {
    peerId: OWN,
    version: '0',
    addresses: [],
    stun: [],
    siteHost: 'relay.example',
    maxUploadBytes: 1,
    serving: true,
    fellows,
  }
}

describe('FellowRelays', () => {
  it('reaches visitors by way of relays that its own vouches for, at the addresses that it named, and of no others', async () => {
    const fellows = [{ peerId: FELLOW, url: 'https://fellow.example/', addresses: [ADDRESS, '/ip4/192.0.2.1/tcp/25'] }]
    const relays = new FellowRelays({
      infos: () => [relayThat(fellows)],
      remembered: () => [],
      ask: () => Promise.resolve(),
      now: () => 0,
    })
    expect(await relays.addressesOf(VISITOR, [FELLOW])).toEqual([`${ADDRESS}/p2p-circuit/webrtc/p2p/${VISITOR}`])
    expect(await relays.addressesOf(VISITOR, [VISITOR])).toEqual([])
  })

  it('asks its relays again about one that is new, and not for each stranger', async () => {
    let now = 0
    let asked = 0
    let fellows: RelayInfo['fellows']
    const relays = new FellowRelays({
      infos: () => [relayThat(fellows)],
      remembered: () => [],
      ask: () => {
        asked++
        fellows = [{ peerId: FELLOW, url: 'https://fellow.example/', addresses: [ADDRESS] }]
        return Promise.resolve()
      },
      now: () => now,
    })
    expect(await relays.isVouched(FELLOW)).toBe(true)
    for (const stranger of [OWN, VISITOR, VISITOR]) expect(await relays.isVouched(stranger)).toBe(false)
    expect(asked).toBe(1)
    now += 10_000
    expect(await relays.isVouched(VISITOR)).toBe(false)
    expect(asked).toBe(2)
  })

  it('leaves a fellow that nobody was reached through for a minute', async () => {
    let now = 0
    const fellows = [{ peerId: FELLOW, url: 'https://fellow.example/', addresses: [ADDRESS] }]
    const relays = new FellowRelays({
      infos: () => [relayThat(fellows)],
      remembered: () => [],
      ask: () => Promise.resolve(),
      now: () => now,
    })
    const closed: string[] = []
    const connection = (peer: string): never =>
      ({
        remotePeer: { toString: () => peer },
        status: 'open',
        close: () => Promise.resolve(closed.push(peer)),
        abort: () => undefined,
      }) as never
    const node = { getConnections: () => [connection(OWN), connection(FELLOW)] }
    await relays.addressesOf(VISITOR, [FELLOW])
    now = 59_999
    await relays.prune(node)
    expect(closed).toEqual([])
    now = 60_000
    await relays.prune(node)
    expect(closed).toEqual([FELLOW])
  })
})
