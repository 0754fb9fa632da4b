import { describe, expect, it } from 'vitest'
import { siteNameOf } from '@blackhole/protocol'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { HostChannel, type HostState } from './host-channel.ts'

const site = siteNameOf((await generateKeyPair('Ed25519')).publicKey)

const next = <T>(channel: HostChannel, type: 'state' | 'ask' | 'opt'): Promise<T> =>
  new Promise((resolve) => {
    channel.addEventListener(
      type,
      (event) => {
        resolve((event as CustomEvent<T>).detail)
      },
      { once: true },
    )
  })

describe('HostChannel', () => {
  const open = (name: string): BroadcastChannel => new BroadcastChannel(name)

  it('carries the state of the host, questions and choices to the other pages', async () => {
    const [host, guest] = [new HostChannel({ open }, { site }), new HostChannel({ open }, { site })]
    const state: HostState = { peers: 2, joined: true, version: 3, sharing: true }
    const heard = [next(guest, 'state'), next(host, 'ask'), next(host, 'opt')] as const
    host.tell(state)
    guest.ask()
    guest.opt(true)
    expect(await heard[0]).toEqual(state)
    await heard[1]
    expect(await heard[2]).toBe(true)
    host.close()
    guest.close()
  })

  it('ignores what is none of its messages', async () => {
    const guest = new HostChannel({ open }, { site })
    const stranger = open(`blackhole:state:${site}`)
    const states: HostState[] = []
    guest.addEventListener('state', ({ detail }) => {
      states.push(detail)
    })
    const last = next(guest, 'state')
    for (const data of [
      null,
      'state',
      { type: 'state' },
      { type: 'state', state: { peers: 'many' } },
      { type: 'reload' },
    ])
      stranger.postMessage(data)
    stranger.postMessage({ type: 'state', state: { peers: 1, joined: false, version: 0, sharing: false } })
    await last
    expect(states).toHaveLength(1)
    guest.close()
    stranger.close()
  })
})
